// What all kernels share. The sources of this folder are compiled as one: by nvcc or NVRTC for the
// card, and by the host's C++ compiler in the tests, so they include nothing and use no atomics.
//
// A warp of 32 threads has a row to itself wherever something is summed over a row. Its sums go by
// exchange with the thread 16, 8, 4, 2 and 1 places away: every thread ends with the same bits, and
// their order never changes.

#define WARP 32
#define WARPS 8                 // of a block that goes over rows
#define EVERY 0xffffffffu       // all threads of a warp
#define LOWEST (-3.402823466e+38f)
#define SHORTEST 1e-12f         // the squared length of a step below which it has no direction

typedef long long place;        // an index into a buffer
typedef unsigned long long word; // what tables are made of: addresses and counts

__device__ inline int lane_of() { return threadIdx.x % WARP; }
__device__ inline place warp_of() { return ((place)blockIdx.x * blockDim.x + threadIdx.x) / WARP; }
__device__ inline place thread_of() { return (place)blockIdx.x * blockDim.x + threadIdx.x; }

__device__ inline float warp_sum(float x) {
    for (int away = WARP / 2; away > 0; away /= 2) x += __shfl_xor_sync(EVERY, x, away);
    return x;
}

// The largest; a NaN counts for nothing.
__device__ inline float warp_top(float x) {
    for (int away = WARP / 2; away > 0; away /= 2) {
        float other = __shfl_xor_sync(EVERY, x, away);
        x = other > x ? other : x;
    }
    return x;
}

__device__ inline int warp_first(int x) {
    for (int away = WARP / 2; away > 0; away /= 2) {
        int other = __shfl_xor_sync(EVERY, x, away);
        x = other < x ? other : x;
    }
    return x;
}

__device__ inline bool finite(float x) { return fabsf(x) <= 3.402823466e+38f; }

// How much a modality of a specimen counts where those that it lacks are made up for by the others.
__device__ inline float evened(const float *marks, place row, int modality, int modalities) {
    float has = 0.0f;
    for (int m = 0; m < modalities; m++) has += marks[row * modalities + m];
    has = has > 1.0f ? has : 1.0f;
    return marks[row * modalities + modality] * (float)modalities / has;
}

// The softmax of a row of any width: log p_i is x_i - shift.
__device__ inline float shift_of(const float *x, int width) {
    int lane = lane_of();
    float top = LOWEST;
    for (int i = lane; i < width; i += WARP) top = x[i] > top ? x[i] : top;
    top = warp_top(top);
    float sum = 0.0f;
    for (int i = lane; i < width; i += WARP) sum += expf(x[i] - top);
    return top + logf(warp_sum(sum));
}

// The softmax of a row with a class per lane, `counts` being false for classes that are left out
// and lanes beyond them: they get 0.
struct Soft {
    float log;   // log p of the lane's class
    float share; // p
    float all;   // the logarithm of the sum of the exponentials
};

__device__ inline Soft soft(float logit, bool counts) {
    float top = warp_top(counts ? logit : LOWEST);
    float power = counts ? expf(logit - top) : 0.0f;
    float sum = warp_sum(power);
    float log_sum = logf(sum);
    Soft soft = {logit - top - log_sum, power / sum, top + log_sum};
    return soft;
}
