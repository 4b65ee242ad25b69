// What the hypothetical branch needs of the whole batch: the spread of Z, the head and its slope.

#define SPREADERS 256 // threads of a block here: COLUMNS columns by GROUPS groups of rows
#define COLUMNS 64
#define GROUPS (SPREADERS / COLUMNS)

// The sum of what the groups of a block have for a column, in their order; every thread must come.
__device__ inline double group_sum(double own, double *room) {
    __syncthreads();
    room[threadIdx.x] = own;
    __syncthreads();
    double sum = 0.0;
    for (int g = 0; g < GROUPS; g++) sum += room[g * COLUMNS + threadIdx.x % COLUMNS];
    return sum;
}

// The sum of Z and that of its squares over the rows of a part, by column: parts x 2 x width.
extern "C" __global__ void spread_parts(const float *z, double *sums, int rows, int width,
                                        int part_rows) {
    __shared__ double room[SPREADERS];
    int group = threadIdx.x / COLUMNS;
    place first = (place)blockIdx.x * part_rows;
    place end = first + part_rows < rows ? first + part_rows : rows;
    double *out = sums + (place)blockIdx.x * 2 * width;
    for (int start = 0; start < width; start += COLUMNS) {
        int i = start + threadIdx.x % COLUMNS;
        double sum = 0.0, square = 0.0;
        for (place row = first + group; i < width && row < end; row += GROUPS) {
            double x = (double)z[row * width + i];
            sum += x;
            square += x * x;
        }
        sum = group_sum(sum, room);
        square = group_sum(square, room);
        if (group == 0 && i < width) {
            out[i] = sum;
            out[width + i] = square;
        }
    }
}

// W less its mean over classes, turned round, with its gram matrix; and the root mean square
// distance of the rows of Z from their mean, if there are `row_parts` of sums for it. One block of
// SPREADERS threads. W comes in `parts` pieces one after another, one per modality where each has a
// head, and is their mean.
extern "C" __global__ void read_head(const float *weight, const double *sums, float *turned,
                                     float *gram, float *spread, int rows, int width, int classes,
                                     int parts, int row_parts) {
    __shared__ double room[SPREADERS];
    float factor = 1.0f / (float)parts;
    for (int i = threadIdx.x; i < width; i += SPREADERS) {
        float mean = 0.0f;
        for (int k = 0; k < classes; k++) mean += weight[i * classes + k] * factor;
        mean /= (float)classes;
        for (int k = 0; k < classes; k++)
            turned[(place)k * width + i] = weight[i * classes + k] * factor - mean;
    }
    double own = 0.0;
    int group = threadIdx.x / COLUMNS;
    for (int start = 0; start < width && row_parts; start += COLUMNS) {
        int i = start + threadIdx.x % COLUMNS;
        double sum = 0.0, square = 0.0;
        for (int part = group; i < width && part < row_parts; part += GROUPS) {
            sum += sums[(place)part * 2 * width + i];
            square += sums[(place)part * 2 * width + width + i];
        }
        double middle = group_sum(sum, room) / (double)rows;
        square = group_sum(square, room) / (double)rows;
        if (group == 0 && i < width) own += square - middle * middle;
    }
    __syncthreads();
    room[threadIdx.x] = own;
    __syncthreads();
    if (threadIdx.x == 0) {
        double sum = 0.0;
        for (int i = 0; i < COLUMNS; i++) sum += room[i];
        spread[0] = (float)sqrt(sum > 0.0 ? sum : 0.0);
    }
    int lane = lane_of();
    for (int pair = threadIdx.x / WARP; pair < classes * classes; pair += SPREADERS / WARP) {
        const float *one = turned + (place)(pair / classes) * width;
        const float *other = turned + (place)(pair % classes) * width;
        float sum = 0.0f;
        for (int i = lane; i < width; i += WARP) sum += one[i] * other[i];
        sum = warp_sum(sum);
        if (lane == 0) gram[pair] = sum;
    }
}

// The slope of the gram matrix over the pairs of rows of a part: groups of a thread per number.
extern "C" __global__ void gram_parts(const float *left, const float *right, float *sums, int pairs,
                                      int classes, int part_rows) {
    __shared__ float room[WARP * WARP];
    int all = classes * classes, groups = blockDim.x / all;
    int own = threadIdx.x % all, group = threadIdx.x / all;
    int i = own / classes, k = own % classes;
    place first = (place)blockIdx.x * part_rows;
    place end = first + part_rows < pairs ? first + part_rows : pairs;
    float sum = 0.0f;
    for (place row = first + group; row < end; row += groups)
        sum += left[row * classes + i] * right[row * classes + k];
    room[threadIdx.x] = sum;
    __syncthreads();
    if (group != 0) return;
    for (int g = 1; g < groups; g++) sum += room[g * all + own];
    sums[(place)blockIdx.x * all + own] = sum;
}

// What the gram matrix adds to the slope of the head's weight, pieces one after another as in
// `read_head`. One block of at least as many threads as there are numbers in the matrix.
extern "C" __global__ void head_back(const float *sums, const float *turned, float *out, int width,
                                     int classes, int parts, int gram_parts) {
    __shared__ float slope[WARP * WARP];
    int own = threadIdx.x;
    if (own < classes * classes) {
        float sum = 0.0f;
        for (int part = 0; part < gram_parts; part++)
            sum += sums[(place)part * classes * classes + own];
        slope[own] = sum;
    }
    __syncthreads();
    float factor = 1.0f / (float)parts;
    for (int i = threadIdx.x; i < width; i += blockDim.x) {
        float mean = 0.0f;
        for (int k = 0; k < classes; k++) {
            float sum = 0.0f;
            for (int j = 0; j < classes; j++)
                sum += turned[(place)j * width + i] * (slope[j * classes + k] + slope[k * classes + j]);
            out[i * classes + k] = sum;
            mean += sum;
        }
        mean /= (float)classes;
        for (int k = 0; k < classes; k++)
            out[i * classes + k] = factor * (out[i * classes + k] - mean);
    }
}
