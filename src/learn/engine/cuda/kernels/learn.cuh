// From slopes to gradients to a step of Adam, which happens only if all losses are finite.

#define TILE 64   // numbers of a feed and of a slope that a block multiplies
#define STRIP 16  // rows that it holds at a time
#define SIDE 16   // threads to a side
#define EACH 4    // numbers of either that a thread multiplies

// A part of a weight's or a bias' gradient: what a block sums up over some rows.
struct Tile {
    word feed, feed_step, inputs;    // where the feed begins, how far its rows lie apart, how many
    word slope, slope_step, outputs; // numbers of a row there are: none for a bias alone
    word sums, sums_step, sums_part; // where they go, how far rows and parts lie apart
    word bias, bias_part;            // the same for the sums of a slope alone; 0 for a weight
};

// The products feed^T slope over the rows of a part: a block per tile and part. The sums of the
// parts are added up by `adam`.
extern "C" __global__ void gradients(const word *tiles, int rows, int part_rows) {
    __shared__ __align__(16) float feeds[STRIP][TILE], slopes[STRIP][TILE];
    const Tile *tile = (const Tile *)tiles + blockIdx.x;
    const float *feed = (const float *)tile->feed, *slope = (const float *)tile->slope;
    int inputs = (int)tile->inputs, outputs = (int)tile->outputs;
    place feed_step = (place)tile->feed_step, slope_step = (place)tile->slope_step;
    // The first of the numbers of a slope and of a feed that the thread multiplies.
    int x = threadIdx.x % SIDE * EACH, y = threadIdx.x / SIDE * EACH;
    place first = (place)blockIdx.y * part_rows;
    place end = first + part_rows < rows ? first + part_rows : rows;
    float sums[EACH][EACH] = {{0.0f}}, bias = 0.0f;
    for (place strip = first; strip < end; strip += STRIP) {
        for (int i = threadIdx.x; i < STRIP * TILE; i += SIDE * SIDE) {
            place row = strip + i / TILE;
            int column = i % TILE;
            bool there = row < end;
            feeds[i / TILE][column] =
                there && column < inputs ? feed[row * feed_step + column] : 0.0f;
            slopes[i / TILE][column] =
                there && column < outputs ? slope[row * slope_step + column] : 0.0f;
        }
        __syncthreads();
        for (int row = 0; row < STRIP; row++) {
            if (inputs > 0) {
                float one[EACH], other[EACH];
                for (int i = 0; i < EACH; i++) {
                    one[i] = feeds[row][y + i];
                    other[i] = slopes[row][x + i];
                }
                for (int i = 0; i < EACH; i++)
                    for (int k = 0; k < EACH; k++) sums[i][k] += one[i] * other[k];
            } else if (threadIdx.x < TILE) {
                bias += slopes[row][threadIdx.x];
            }
        }
        __syncthreads();
    }
    float *out = (float *)tile->sums + blockIdx.y * tile->sums_part;
    for (int i = 0; i < EACH; i++)
        for (int k = 0; k < EACH; k++)
            if (y + i < inputs && x + k < outputs)
                out[(y + i) * tile->sums_step + x + k] = sums[i][k];
    if (tile->bias && (int)threadIdx.x < outputs)
        ((float *)tile->bias)[blockIdx.y * tile->bias_part + threadIdx.x] = bias;
}

// What is kept of the updates on the card.
struct Progress {
    int step;           // updates that were made
    int halted;         // whether a loss was not finite: no update is made until this is 0 again
    float unbias[2];    // of Adam's moments, for the update under way
    float terms[TERMS]; // means over the specimens, and the share of right verdicts
    float total;        // the weighted sum
};

// The `power`-th power by squaring, with the roundings that the CPU's has.
__device__ inline float power_of(float base, int power) {
    float result = 1.0f;
    for (;;) {
        if (power & 1) result *= base;
        power /= 2;
        if (power == 0) return result;
        base *= base;
    }
}

// Sums up the losses of all blocks in their order; one block of CLOSERS threads. Counts the update
// if it is to be made.
#define CLOSERS 256
extern "C" __global__ void close_losses(const double *sums, const float *kept, Progress *progress,
                                        int blocks, int rows, int counts, float sufficiency,
                                        float necessity, float l_v, float l_fe, float twin,
                                        float consistency) {
    __shared__ double all[CLOSERS];
    for (int t = 0; t < TERMS; t++) {
        double sum = 0.0;
        for (int b = threadIdx.x; b < blocks; b += CLOSERS) sum += sums[(place)b * TERMS + t];
        all[threadIdx.x] = sum;
        __syncthreads();
        for (int half = CLOSERS / 2; half > 0; half /= 2) {
            if ((int)threadIdx.x < half) all[threadIdx.x] += all[threadIdx.x + half];
            __syncthreads();
        }
        if (threadIdx.x == 0) {
            double count = t == CONSISTENCY ? (double)kept[0] : (double)rows;
            progress->terms[t] = (float)(all[0] / count);
        }
        __syncthreads();
    }
    if (threadIdx.x != 0) return;
    const float *terms = progress->terms;
    float total = sufficiency * terms[TASK];
    total += necessity * terms[NECESSITY];
    total += l_v * terms[L_V];
    total += l_fe * terms[L_FE];
    total += twin * terms[TWIN];
    total += consistency * terms[CONSISTENCY];
    progress->total = total;
    bool sound = finite(total);
    for (int t = 0; t < TERMS; t++) sound = sound && finite(terms[t]);
    if (!counts) return;
    if (!sound) progress->halted = 1;
    if (progress->halted) return;
    progress->step += 1;
    progress->unbias[0] = 1.0f / (1.0f - power_of(0.9f, progress->step));
    progress->unbias[1] = 1.0f / (1.0f - power_of(0.999f, progress->step));
}

// Some numbers of the parameters, the parts that their gradient is the sum of, and what is added
// besides, if anything is; no parts where the gradient is there already.
struct Stretch {
    word start, count;
    word sums, parts, parts_step;
    word extra;
};

// One step of Adam (Kingma and Ba 2015) for a stretch per block; only the gradients unless it
// `learns`.
extern "C" __global__ void adam(const word *stretches, float *values, float *first, float *second,
                                float *gradient, const Progress *progress, int learns, float rate) {
    const Stretch *own = (const Stretch *)stretches + blockIdx.x;
    const float *sums = (const float *)own->sums, *extra = (const float *)own->extra;
    bool moves = learns && !progress->halted;
    float one = progress->unbias[0], two = progress->unbias[1];
    for (place k = threadIdx.x; k < (place)own->count; k += blockDim.x) {
        place i = (place)own->start + k;
        float g = 0.0f;
        if (own->parts) {
            for (place part = 0; part < (place)own->parts; part++)
                g += sums[part * own->parts_step + k];
            if (extra) g += extra[k];
            gradient[i] = g;
        } else {
            g = gradient[i];
        }
        if (!moves) continue;
        float m = first[i] * 0.9f + g * (1.0f - 0.9f);
        float v = second[i] * 0.999f + g * g * (1.0f - 0.999f);
        first[i] = m;
        second[i] = v;
        values[i] -= rate * (m * one) / (sqrtf(v * two) + 1e-8f);
    }
}
