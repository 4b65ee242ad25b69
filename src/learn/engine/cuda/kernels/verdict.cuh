// The losses on verdicts alone: the task loss, and the consistency of specimens and their twins.

// Terms that are summed up over specimens, in the order in which they are kept.
enum { TASK, NECESSITY, L_V, L_FE, TWIN, CONSISTENCY, RIGHT, TERMS };

// The heads of single modalities that late fusion has besides; all null without.
struct Branches {
    const float *logits; // rows x modalities x classes
    float *slopes;
    const float *marks;  // rows x modalities
    int modalities;
    int own;             // whether they have losses of their own
};

// A row with a class per lane.
struct Row {
    place at;
    int classes, label;
    bool counts;
    float logit, slope;
    Soft soft;
};

// Reads a row of logits, adding its bias if there is one, and takes the slope of its task loss.
__device__ inline Row task_row(float *logits, const float *bias, const int *labels, place at,
                               int classes, float share) {
    int lane = lane_of();
    Row row = {at, classes, labels[at], lane < classes, 0.0f, 0.0f, {0.0f, 0.0f, 0.0f}};
    if (row.counts) {
        row.logit = logits[at * classes + lane];
        if (bias) {
            row.logit += bias[lane];
            logits[at * classes + lane] = row.logit;
        }
    }
    row.soft = soft(row.logit, row.counts);
    row.slope = share * (row.soft.share - (lane == row.label ? 1.0f : 0.0f));
    return row;
}

// The class with the largest logit; the first of equals.
__device__ inline int verdict(const Row &row) {
    float top = warp_top(row.counts ? row.logit : LOWEST);
    int first = warp_first(row.counts && row.logit == top ? lane_of() : WARP);
    return first < WARP ? first : 0;
}

// Writes the slopes of a row and of its branches, those of their own losses included; gives the
// sum of these losses.
__device__ inline float settle(const Row &row, const Branches &b, float *slopes, float share,
                               float weight) {
    int lane = lane_of();
    if (row.counts) slopes[row.at * row.classes + lane] = row.slope;
    float loss = 0.0f;
    for (int m = 0; m < b.modalities; m++) {
        place at = row.at * b.modalities + m;
        float slope = evened(b.marks, row.at, m, b.modalities) / (float)b.modalities * row.slope;
        if (b.own) {
            float logit = row.counts ? b.logits[at * row.classes + lane] : 0.0f;
            Soft own = soft(logit, row.counts);
            float factor = b.marks[at] * weight;
            loss -= factor * __shfl_sync(EVERY, own.log, row.label);
            slope += share * factor * (own.share - (lane == row.label ? 1.0f : 0.0f));
        }
        if (row.counts) b.slopes[at * row.classes + lane] = slope;
    }
    return loss;
}

// Sums up the terms of a block's rows in their order; every thread must come here.
__device__ inline void sum_up(const float *terms, double *sums) {
    __shared__ float all[WARPS][TERMS];
    if (lane_of() == 0)
        for (int t = 0; t < TERMS; t++) all[threadIdx.x / WARP][t] = terms[t];
    __syncthreads();
    if (threadIdx.x < TERMS) {
        double sum = 0.0;
        for (int w = 0; w < WARPS; w++) sum += (double)all[w][threadIdx.x];
        sums[(place)blockIdx.x * TERMS + threadIdx.x] = sum;
    }
}

// Task loss and consistency: a warp per specimen, and its twin `rows` rows further on if there are
// twins. `cells` and `weights` give every specimen its weight by stratum and label; `found` takes
// the stratum of each and its label as the number of a cell.
extern "C" __global__ void judge(float *logits, const float *bias, const int *labels,
                                 const float *branches, float *branch_slopes, const float *marks,
                                 const int *cells, const float *weights, int *found,
                                 const float *kept, float *slopes, double *sums, int rows,
                                 int twins, int classes, int modalities, int own, float share,
                                 float twin_share, float consistency) {
    place at = warp_of();
    float terms[TERMS] = {0.0f};
    if (at < rows) {
        Branches b = {branches, branch_slopes, marks, branches ? modalities : 0, own};
        float weight = weights ? weights[cells[at]] : 1.0f;
        Row row = task_row(logits, bias, labels, at, classes, share * weight);
        int stratum = verdict(row);
        terms[TASK] = -weight * __shfl_sync(EVERY, row.soft.log, row.label);
        terms[RIGHT] = stratum == row.label ? 1.0f : 0.0f;
        if (found && lane_of() == 0) found[at] = stratum * classes + row.label;
        if (twins) {
            Row twin = task_row(logits, bias, labels, at + rows, classes, twin_share);
            terms[TWIN] = -__shfl_sync(EVERY, twin.soft.log, twin.label);
            if (consistency != 0.0f && row.label == twin.label) {
                // The Jeffreys divergence; its slope with respect to log p, and the same for the
                // twin with the sign turned round.
                float p = row.soft.share, q = twin.soft.share;
                float log = row.counts ? row.soft.log - twin.soft.log : 0.0f;
                terms[CONSISTENCY] = warp_sum((p - q) * log);
                float slope = p - q + p * log, other = q - p - q * log;
                float factor = consistency / kept[0];
                float total = warp_sum(row.counts ? slope : 0.0f);
                float other_total = warp_sum(row.counts ? other : 0.0f);
                row.slope += factor * (slope - p * total);
                twin.slope += factor * (other - q * other_total);
            }
            terms[TWIN] += settle(twin, b, slopes, twin_share, 1.0f);
        }
        terms[TASK] += settle(row, b, slopes, share, weight);
    }
    sum_up(terms, sums);
}
