// The table of all kernels: their names, the kinds of their arguments, and how to call them with
// pointers to these, as the driver of a card does.
namespace host {

template <class T> struct Kind { static const char is = '?'; };
template <class T> struct Kind<T *> { static const char is = 'p'; };
template <> struct Kind<int> { static const char is = 'i'; };
template <> struct Kind<float> { static const char is = 'f'; };

struct Kernel {
    const char *name;
    bool lockstep;
    std::vector<char> kinds;
    void (*call)(void *, void **);
    void *function;
};

template <class... T> struct Caller {
    template <size_t... I> static void at(void (*f)(T...), void **p, std::index_sequence<I...>) {
        f(*(T *)p[I]...);
    }
    static void call(void *f, void **p) {
        at((void (*)(T...))f, p, std::index_sequence_for<T...>());
    }
};

template <class... T> Kernel kernel(const char *name, bool lockstep, void (*f)(T...)) {
    return {name, lockstep, {Kind<T>::is..., '\0'}, Caller<T...>::call, (void *)f};
}

#define ALONE(name) kernel(#name, false, name)
#define TOGETHER(name) kernel(#name, true, name)
static const std::vector<Kernel> &all() {
    static const std::vector<Kernel> kernels = {
        ALONE(finish_layer), ALONE(before_elu),     TOGETHER(join),       TOGETHER(attend),
        TOGETHER(unmix),     TOGETHER(judge),       TOGETHER(risk),       TOGETHER(spread_parts),
        TOGETHER(read_head), TOGETHER(gram_parts),  TOGETHER(head_back),  TOGETHER(count_cells),
        TOGETHER(weigh_cells), TOGETHER(gradients), TOGETHER(close_losses), ALONE(adam),
    };
    return kernels;
}

static const Kernel *named(const char *name) {
    for (const Kernel &kernel : all())
        if (strcmp(kernel.name, name) == 0) return &kernel;
    return nullptr;
}

static const Kernel *current;
static void call_current(void *params) { current->call(current->function, (void **)params); }

} // namespace host

// The kinds of a kernel's arguments, a letter each; null for one that there isn't.
extern "C" const char *kinds_of(const char *name) {
    const host::Kernel *kernel = host::named(name);
    return kernel ? kernel->kinds.data() : nullptr;
}

// Runs a kernel; `backwards` turns the order of blocks and threads round.
extern "C" void launch(const char *name, unsigned wide, unsigned high, unsigned threads,
                       void **params, int backwards) {
    host::current = host::named(name);
    host::lockstep = host::current->lockstep;
    host::body = host::call_current;
    host::given = params;
    blockDim = {threads, 1};
    gridDim = {wide, high};
    for (unsigned i = 0; i < wide * high; i++) {
        unsigned at = backwards ? wide * high - 1 - i : i;
        blockIdx = {at % wide, at / wide};
        host::run_block((int)threads, backwards);
    }
}
