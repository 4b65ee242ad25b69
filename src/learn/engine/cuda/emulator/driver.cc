// A stand-in for NVIDIA's driver, cuBLAS and NVRTC, as far as `library.rs` declares them, behind the
// kernels of this library. It is as late as a real one may be: what is put on a stream happens only
// when somebody waits for it, and no sooner than that asks for. So memory that is used again too
// early, or an event that isn't waited for, shows in the numbers.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace fake {

enum { FINE = 0, INVALID = 1, NO_CONTEXT = 201, NOT_FOUND = 500, CAPTURING = 900 };
typedef std::function<void()> Work;

struct Stream {
    std::deque<Work> waiting;
    size_t issued = 0, done = 0;
    bool captures = false;
    std::thread::id capturer;
    std::vector<Work> captured;
};
struct Event { Stream *stream = nullptr; size_t upto = 0; };
struct Products { Stream *stream = nullptr; void *workspace = nullptr; };

static thread_local void *current = nullptr;
static std::recursive_mutex one;
static std::vector<Stream *> streams;
static std::map<uint64_t, size_t> memories;
static int contexts = 0;

static void reach(Stream *stream, size_t upto) {
    while (stream->done < upto) {
        Work work = stream->waiting.front();
        stream->waiting.pop_front();
        stream->done++;
        work();
    }
}

// Whether this thread is in a capture.
static bool captures() {
    for (Stream *stream : streams)
        if (stream->captures && stream->capturer == std::this_thread::get_id()) return true;
    return false;
}

static void put(Stream *stream, Work work) {
    if (stream->captures) { stream->captured.push_back(work); return; }
    stream->waiting.push_back(work);
    stream->issued++;
}

static bool holds(uint64_t address, size_t bytes) {
    auto after = memories.upper_bound(address);
    if (after == memories.begin()) return false;
    --after;
    return address + bytes <= after->first + after->second;
}

static void need(bool fine, const char *what) {
    if (!fine) { fprintf(stderr, "the stand-in: %s\n", what); abort(); }
}

struct Sheet { const float *at; int leading; bool turned; };
static float number(Sheet s, int row, int column) {
    return s.turned ? s.at[(size_t)row * s.leading + column] : s.at[(size_t)column * s.leading + row];
}

static void multiply(int m, int n, int k, float alpha, Sheet a, Sheet b, float beta, float *c, int leading) {
    need(leading >= m && a.leading >= (a.turned ? k : m) && b.leading >= (b.turned ? n : k),
         "a leading dimension that is too small");
    for (int column = 0; column < n; column++)
        for (int row = 0; row < m; row++) {
            float &out = c[(size_t)column * leading + row];
            double sum = beta != 0.0f ? (double)beta * out : 0.0;
            for (int i = 0; i < k; i++)
                sum += (double)alpha * number(a, row, i) * number(b, i, column);
            out = (float)sum;
        }
}

} // namespace fake

using namespace fake;
#define IN_CONTEXT std::lock_guard<std::recursive_mutex> guard(one); if (!current) return NO_CONTEXT
#define UNCAPTURED IN_CONTEXT; if (captures()) return CAPTURING

extern "C" {
int cuInit(unsigned) { return FINE; }
int cuDeviceGetCount(int *count) { *count = 1; return FINE; }
int cuDeviceGet(int *device, int place) { *device = 7; return place == 0 ? FINE : INVALID; }
int cuDeviceGetName(char *name, int length, int) { snprintf(name, length, "stand-in"); return FINE; }
int cuDeviceGetAttribute(int *value, int attribute, int) {
    *value = attribute == 75 ? 9 : 0;
    return attribute == 75 || attribute == 76 ? FINE : INVALID;
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
    std::lock_guard<std::recursive_mutex> guard(one);
    contexts++;
    *context = &contexts;
    return device == 7 ? FINE : INVALID;
}
int cuDevicePrimaryCtxRelease_v2(int) {
    std::lock_guard<std::recursive_mutex> guard(one);
    contexts--;
    return FINE;
}
int cuCtxSetCurrent(void *context) { current = context; return FINE; }
int cuGetErrorString(int code, const char **text) {
    *text = code == CAPTURING ? "not while a stream is captured" : "an error of the stand-in";
    return FINE;
}
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    UNCAPTURED;
    // What is there is never what one hopes for.
    void *memory = aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset(memory, 0xff, bytes);
    *address = (uint64_t)memory;
    memories[*address] = bytes;
    return FINE;
}
int cuMemFree_v2(uint64_t address) {
    UNCAPTURED;
    for (Stream *stream : streams) need(stream->waiting.empty(), "memory given back while in use");
    need(memories.erase(address) == 1, "memory given back that isn't there");
    free((void *)address);
    return FINE;
}
int cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
    UNCAPTURED;
    *memory = malloc(bytes);
    memset(*memory, 0xff, bytes);
    return FINE;
}
int cuMemFreeHost(void *memory) { UNCAPTURED; free(memory); return FINE; }
int cuMemsetD32Async(uint64_t address, unsigned value, size_t count, void *stream) {
    UNCAPTURED;
    need(holds(address, 4 * count), "memory is filled beyond its end");
    put((Stream *)stream, [=] { for (size_t i = 0; i < count; i++) ((unsigned *)address)[i] = value; });
    return FINE;
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
    UNCAPTURED;
    need(holds(to, bytes), "an upload beyond the end of memory");
    put((Stream *)stream, [=] { memcpy((void *)to, from, bytes); });
    return FINE;
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
    UNCAPTURED;
    need(holds(from, bytes), "a download beyond the end of memory");
    put((Stream *)stream, [=] { memcpy(to, (void *)from, bytes); });
    return FINE;
}
int cuStreamCreate(void **stream, unsigned flags) {
    UNCAPTURED;
    streams.push_back(new Stream);
    *stream = streams.back();
    return flags == 1 ? FINE : INVALID;
}
int cuStreamDestroy_v2(void *stream) {
    UNCAPTURED;
    for (size_t i = 0; i < streams.size(); i++)
        if (streams[i] == stream) { streams.erase(streams.begin() + i); delete (Stream *)stream; return FINE; }
    return INVALID;
}
int cuStreamSynchronize(void *stream) {
    UNCAPTURED;
    reach((Stream *)stream, ((Stream *)stream)->issued);
    return FINE;
}
int cuStreamWaitEvent(void *stream, void *event, unsigned) {
    UNCAPTURED;
    Event then = *(Event *)event;
    if (then.stream) put((Stream *)stream, [=] { reach(then.stream, then.upto); });
    return FINE;
}
int cuStreamBeginCapture_v2(void *stream, int mode) {
    UNCAPTURED;
    ((Stream *)stream)->captures = true;
    ((Stream *)stream)->capturer = std::this_thread::get_id();
    return mode == 1 ? FINE : INVALID;
}
int cuStreamEndCapture(void *stream, void **graph) {
    IN_CONTEXT;
    Stream *own = (Stream *)stream;
    if (!own->captures) return INVALID;
    own->captures = false;
    *graph = new std::vector<Work>(std::move(own->captured));
    own->captured.clear();
    return FINE;
}
int cuEventCreate(void **event, unsigned) { UNCAPTURED; *event = new Event; return FINE; }
int cuEventDestroy_v2(void *event) { UNCAPTURED; delete (Event *)event; return FINE; }
int cuEventRecord(void *event, void *stream) {
    UNCAPTURED;
    *(Event *)event = {(Stream *)stream, ((Stream *)stream)->issued};
    return FINE;
}
int cuEventSynchronize(void *event) {
    UNCAPTURED;
    Event *own = (Event *)event;
    if (own->stream) reach(own->stream, own->upto);
    return FINE;
}
int cuGraphInstantiateWithFlags(void **executable, void *graph, unsigned long long) {
    UNCAPTURED;
    *executable = new std::vector<Work>(*(std::vector<Work> *)graph);
    return FINE;
}
int cuGraphDestroy(void *graph) { IN_CONTEXT; delete (std::vector<Work> *)graph; return FINE; }
int cuGraphExecDestroy(void *graph) { UNCAPTURED; delete (std::vector<Work> *)graph; return FINE; }
int cuGraphLaunch(void *executable, void *stream) {
    UNCAPTURED;
    auto *works = (std::vector<Work> *)executable;
    put((Stream *)stream, [=] { for (Work &work : *works) work(); });
    return FINE;
}
int cuModuleLoadData(void **module, const void *image) { UNCAPTURED; *module = (void *)image; return FINE; }
int cuModuleUnload(void *) { UNCAPTURED; return FINE; }
int cuModuleGetFunction(void **function, void *, const char *name) {
    UNCAPTURED;
    *function = (void *)host::named(name);
    return *function ? FINE : NOT_FOUND;
}
int cuLaunchKernel(void *function, unsigned wide, unsigned high, unsigned deep, unsigned x,
                   unsigned y, unsigned z, unsigned shared, void *stream, void **params, void **extra) {
    IN_CONTEXT;
    const host::Kernel *kernel = (const host::Kernel *)function;
    if (deep != 1 || y != 1 || z != 1 || shared || extra || x > 1024 || !wide || !high || high > 65535)
        return INVALID;
    std::vector<uint64_t> bits;
    for (const char *kind = kernel->kinds.data(); *kind; kind++) {
        uint64_t word = 0;
        memcpy(&word, params[bits.size()], *kind == 'p' ? 8 : 4);
        bits.push_back(word);
    }
    put((Stream *)stream, [=] {
        std::vector<uint64_t> own = bits;
        std::vector<void *> places;
        for (uint64_t &word : own) places.push_back(&word);
        launch(kernel->name, wide, high, x, places.data(), 0);
    });
    return FINE;
}

int cublasCreate_v2(void **handle) { UNCAPTURED; *handle = new Products; return FINE; }
int cublasDestroy_v2(void *handle) { delete (Products *)handle; return FINE; }
int cublasSetStream_v2(void *handle, void *stream) {
    // As the real one: the workspace is its own again.
    *(Products *)handle = {(Stream *)stream, nullptr};
    return FINE;
}
int cublasSetWorkspace_v2(void *handle, void *memory, size_t bytes) {
    IN_CONTEXT;
    need(holds((uint64_t)memory, bytes), "a workspace beyond the end of memory");
    ((Products *)handle)->workspace = memory;
    return FINE;
}
int cublasGemmStridedBatchedEx(void *handle, int ta, int tb, int m, int n, int k, const void *alpha,
                               const void *a, int kind_a, int lda, long long stride_a, const void *b,
                               int kind_b, int ldb, long long stride_b, const void *beta, void *c,
                               int kind_c, int ldc, long long stride_c, int count, int compute, int how) {
    IN_CONTEXT;
    Products *own = (Products *)handle;
    // Without one of its own it would have to allocate.
    if (!own->workspace || kind_a || kind_b || kind_c || (compute != 68 && compute != 77) || how != -1)
        return INVALID;
    float one = *(const float *)alpha, other = *(const float *)beta;
    put(own->stream, [=] {
        for (long long i = 0; i < count; i++)
            multiply(m, n, k, one, {(const float *)a + i * stride_a, lda, ta == 1},
                     {(const float *)b + i * stride_b, ldb, tb == 1}, other,
                     (float *)c + i * stride_c, ldc);
    });
    return FINE;
}
int cublasGemmEx(void *handle, int ta, int tb, int m, int n, int k, const void *alpha, const void *a,
                 int kind_a, int lda, const void *b, int kind_b, int ldb, const void *beta, void *c,
                 int kind_c, int ldc, int compute, int how) {
    return cublasGemmStridedBatchedEx(handle, ta, tb, m, n, k, alpha, a, kind_a, lda, 0, b, kind_b, ldb,
                                      0, beta, c, kind_c, ldc, 0, 1, compute, how);
}

int nvrtcCreateProgram(void **program, const char *source, const char *, int headers, const char *const *,
                       const char *const *) {
    *program = (void *)"PTX";
    return strstr(source, "adam") && headers == 0 ? FINE : INVALID;
}
int nvrtcCompileProgram(void *, int count, const char *const *options) {
    return count == 2 && !strcmp(options[0], "--gpu-architecture=compute_90") ? FINE : INVALID;
}
int nvrtcGetPTXSize(void *, size_t *size) { *size = 4; return FINE; }
int nvrtcGetPTX(void *, char *text) { memcpy(text, "PTX", 4); return FINE; }
int nvrtcGetProgramLogSize(void *, size_t *size) { *size = 4; return FINE; }
int nvrtcGetProgramLog(void *, char *text) { memcpy(text, "log", 4); return FINE; }
int nvrtcDestroyProgram(void **program) { *program = nullptr; return FINE; }
}
