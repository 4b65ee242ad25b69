// The part of CUDA C++ that the kernels use, for a C++ compiler of the host. What a thread of the
// card does, a fiber does here; a block's fibers take turns at every barrier and exchange, and the
// blocks come one after another. For tests alone: it is exact, and slow.
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))

struct Index { unsigned x, y; };
static Index threadIdx, blockIdx, blockDim, gridDim;

namespace host {

const int LANES = 32, MOST = 1024, STACK = 64 * 1024;

struct Barrier {
    int alive = 0, arrived = 0;
    unsigned passed = 0;
    void arrive() { if (++arrived == alive) release(); }
    void leave() { if (--alive == arrived && arrived > 0) release(); }
    void release() { arrived = 0; passed++; }
};

struct Fiber {
    jmp_buf at;
    ucontext_t start;
    bool begun, done;
    unsigned exchanges;
};

static Fiber fibers[MOST];
static std::vector<char> stacks;
static Barrier block, warps[MOST / LANES];
static unsigned char room[MOST / LANES][2][LANES][8];
static jmp_buf scheduler;
static bool lockstep;
static void (*body)(void *);
static void *given;

static void pause() {
    Fiber &own = fibers[threadIdx.x];
    if (_setjmp(own.at) == 0) _longjmp(scheduler, 1);
}

static void wait(Barrier &barrier) {
    if (!lockstep) { fprintf(stderr, "a barrier in a kernel that is listed without\n"); abort(); }
    unsigned passed = barrier.passed;
    barrier.arrive();
    while (barrier.passed == passed) pause();
}

static void run_fiber() {
    unsigned own = threadIdx.x;
    body(given);
    fibers[own].done = true;
    block.leave();
    warps[own / LANES].leave();
    _longjmp(scheduler, 1);
}

// Runs a thread until it waits or ends.
static void resume(int thread) {
    Fiber &own = fibers[thread];
    threadIdx = {(unsigned)thread, 0};
    if (_setjmp(scheduler) != 0) return;
    if (own.begun) _longjmp(own.at, 1);
    own.begun = true;
    getcontext(&own.start);
    own.start.uc_stack.ss_sp = stacks.data() + (size_t)thread * STACK;
    own.start.uc_stack.ss_size = STACK;
    own.start.uc_link = nullptr;
    makecontext(&own.start, run_fiber, 0);
    setcontext(&own.start);
}

static void run_block(int threads, bool backwards) {
    if (!lockstep) {
        for (int i = 0; i < threads; i++) {
            threadIdx = {(unsigned)(backwards ? threads - 1 - i : i), 0};
            body(given);
        }
        return;
    }
    stacks.resize((size_t)MOST * STACK);
    block = Barrier();
    block.alive = threads;
    for (int w = 0; w * LANES < threads; w++) {
        warps[w] = Barrier();
        warps[w].alive = threads - w * LANES < LANES ? threads - w * LANES : LANES;
    }
    for (int i = 0; i < threads; i++) fibers[i].begun = fibers[i].done = false, fibers[i].exchanges = 0;
    for (int left = threads; left > 0;) {
        for (int i = 0; i < threads; i++) {
            int thread = backwards ? threads - 1 - i : i;
            if (fibers[thread].done) continue;
            resume(thread);
            if (fibers[thread].done) left--;
        }
    }
}

template <class T> T exchange(T value, int source) {
    int warp = threadIdx.x / LANES, lane = threadIdx.x % LANES;
    auto &own = room[warp][fibers[threadIdx.x].exchanges++ % 2];
    memcpy(own[lane], &value, sizeof value);
    wait(warps[warp]);
    T other;
    memcpy(&other, own[source], sizeof other);
    return other;
}

} // namespace host

static inline void __syncthreads() { host::wait(host::block); }
template <class T> T __shfl_xor_sync(unsigned, T value, int away) {
    return host::exchange(value, (int)(threadIdx.x % host::LANES) ^ away);
}
template <class T> T __shfl_sync(unsigned, T value, int source) {
    return host::exchange(value, source);
}
