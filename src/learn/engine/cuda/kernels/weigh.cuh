// The weights of `c3r-adjust`: 1 / P(label | stratum) over its mean, P counted over the batch with
// one more in every cell.

// How many specimens of a part are in every cell of stratum and label: groups of a thread per cell.
extern "C" __global__ void count_cells(const int *cells, int *counts, int rows, int all,
                                       int part_rows) {
    __shared__ int room[WARP * WARP];
    int groups = blockDim.x / all, own = threadIdx.x % all, group = threadIdx.x / all;
    int first = blockIdx.x * part_rows;
    int end = first + part_rows < rows ? first + part_rows : rows;
    int count = 0;
    for (int row = first + group; row < end; row += groups) count += cells[row] == own ? 1 : 0;
    room[threadIdx.x] = count;
    __syncthreads();
    if (group != 0) return;
    for (int g = 1; g < groups; g++) count += room[g * all + own];
    counts[blockIdx.x * all + own] = count;
}

// The weight of every cell, from the counts of all parts, which are summed up for the host. One block,
// a thread per cell.
extern "C" __global__ void weigh_cells(const int *counts, float *weights, int *told, int rows,
                                       int classes, int parts) {
    __shared__ int totals[WARP * WARP];
    __shared__ float plain[WARP * WARP];
    int own = threadIdx.x, all = classes * classes;
    int total = 0;
    for (int part = 0; part < parts; part++) total += counts[part * all + own];
    totals[own] = total;
    told[own] = total;
    __syncthreads();
    int stratum = own / classes;
    float row = 0.0f;
    for (int k = 0; k < classes; k++) row += (float)(totals[stratum * classes + k] + 1);
    plain[own] = row / (float)(total + 1);
    __syncthreads();
    double sum = 0.0;
    for (int cell = 0; cell < all; cell++) sum += (double)totals[cell] * (double)plain[cell];
    weights[own] = plain[own] / (float)(sum / (double)rows);
}
