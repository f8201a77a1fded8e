// Stands for kernels/platform.cuh where no GPU is: blocks one after the other, the threads of a block as fibers that take turns.
//
// A fiber runs until it comes to a barrier, an exchange or its end. A barrier opens when all threads of the block have come, an exchange
// when all of the warp have; where that can never be, on a GPU it would hang or mean nothing, the program ends and says so.

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <ucontext.h>
#include <vector>

typedef long long Count;

#define DEVICE static inline
#define DEVICE_MEMBER inline
// Blocks run one after the other: what one of them shares may lie in one place.
#define SHARED static
#define ALIGNED(bytes) __attribute__((aligned(bytes)))
#define UNROLL

namespace shim {

const int WARP = 32;
const int THREADS_MAX = 1024;
const size_t STACK_BYTES = 64 << 10;

enum State { READY, AT_BARRIER, AT_EXCHANGE, DONE };

struct Fiber {
    ucontext_t context;
    jmp_buf place;
    State state = DONE;
    bool has_begun = false;
    float exchanged = 0;
    std::vector<char> stack;
};

struct Grid {
    Count column, row, batch;
};

typedef void (*Run)(const void*);

struct Kernel {
    Run run;
    size_t bytes;
    bool is_alone;
};

std::map<std::string, Kernel>& kernels() {
    static std::map<std::string, Kernel> all;
    return all;
}

struct Registration {
    Registration(const char* name, Run run, size_t bytes, bool is_alone) { kernels()[name] = Kernel{run, bytes, is_alone}; }
};

static std::vector<Fiber> fibers(THREADS_MAX);
static jmp_buf scheduler;
static int thread = 0;
static int threads = 0;
static bool is_alone = false;
static Grid block;
static Run run = nullptr;
static const void* words = nullptr;

[[noreturn]] static void fail(const char* reason) {
    std::fprintf(stderr, "a kernel cannot run on a GPU: %s\n", reason);
    std::abort();
}

// Where a fiber begins; it is used again for every block.
static void begin() {
    for (;;) {
        run(words);
        fibers[thread].state = DONE;
        if (_setjmp(fibers[thread].place) == 0) _longjmp(scheduler, 1);
    }
}

static void enter(int index) {
    Fiber& fiber = fibers[index];
    thread = index;
    if (_setjmp(scheduler) != 0) return;
    if (fiber.has_begun) _longjmp(fiber.place, 1);
    fiber.has_begun = true;
    fiber.stack.resize(STACK_BYTES);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.data();
    fiber.context.uc_stack.ss_size = STACK_BYTES;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, begin, 0);
    setcontext(&fiber.context);
}

static void wait(State state) {
    if (is_alone) fail("it promised to have no barrier");
    Fiber& fiber = fibers[thread];
    fiber.state = state;
    if (_setjmp(fiber.place) == 0) _longjmp(scheduler, 1);
}

static int count(int first, int end, State state) {
    int found = 0;
    for (int index = first; index < end; index++) found += fibers[index].state == state;
    return found;
}

static void release(int first, int end) {
    for (int index = first; index < end; index++) fibers[index].state = READY;
}

// Opens what all have come to; false if there is nothing.
static bool open() {
    bool is_open = false;
    for (int first = 0; first < threads; first += WARP) {
        int end = first + WARP < threads ? first + WARP : threads;
        if (count(first, end, AT_EXCHANGE) < end - first) continue;
        release(first, end);
        is_open = true;
    }
    if (count(0, threads, AT_BARRIER) == threads) {
        release(0, threads);
        is_open = true;
    }
    return is_open;
}

static void run_block() {
    release(0, threads);
    bool is_backward = false;
    do {
        // Now the first thread comes first, now the last: what depends on the order of threads shows.
        for (int turn = 0; turn < threads; turn++) {
            int index = is_backward ? threads - 1 - turn : turn;
            if (fibers[index].state == READY) enter(index);
        }
        is_backward = !is_backward;
        if (count(0, threads, DONE) == threads) return;
    } while (open());
    fail("some threads wait for others that never come");
}

static void run_alone() {
    for (thread = 0; thread < threads; thread++) run(words);
}

// The value of another thread of the warp.
static float exchange(float value, int from) {
    fibers[thread].exchanged = value;
    wait(AT_EXCHANGE);
    float other = fibers[from].exchanged;
    wait(AT_EXCHANGE);
    return other;
}

}  // namespace shim

#define REGISTERED(name, Arguments, alone)                                                                              \
    static void neuron_##name(const Arguments& arguments);                                                              \
    static void run_##name(const void* words) { neuron_##name(*(const Arguments*)words); }                              \
    static shim::Registration registration_##name("neuron_" #name, run_##name, sizeof(Arguments), alone);               \
    static void neuron_##name(const Arguments& arguments)
#define KERNEL(name, Arguments) REGISTERED(name, Arguments, false)
#define ALONE(name, Arguments) REGISTERED(name, Arguments, true)

DEVICE int thread_place() { return shim::thread; }
DEVICE Count block_column() { return shim::block.column; }
DEVICE Count block_row() { return shim::block.row; }
DEVICE Count block_batch() { return shim::block.batch; }
DEVICE void barrier() { shim::wait(shim::AT_BARRIER); }
DEVICE float from_above(float value, int distance) {
    int place = shim::thread % 16;
    return shim::exchange(value, place + distance < 16 ? shim::thread + distance : shim::thread);
}
DEVICE float from_first(float value) { return shim::exchange(value, shim::thread / 16 * 16); }

DEVICE float plus(float left, float right) { return left + right; }
DEVICE float minus(float left, float right) { return left - right; }
DEVICE float times(float left, float right) { return left * right; }
DEVICE float over(float left, float right) { return left / right; }
DEVICE float root(float value) { return std::sqrt(value); }
DEVICE float fused(float factor, float other, float addend) { return std::fma(factor, other, addend); }
DEVICE double plus(double left, double right) { return left + right; }
DEVICE double minus(double left, double right) { return left - right; }
DEVICE double times(double left, double right) { return left * right; }
DEVICE double over(double left, double right) { return left / right; }

template <typename To, typename From> DEVICE To as(From from) {
    static_assert(sizeof(To) == sizeof(From), "the same bits");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}
DEVICE float number(unsigned bits) { return as<float>(bits); }
DEVICE unsigned bits_of(float value) { return as<unsigned>(value); }
DEVICE double wide_number(unsigned long long bits) { return as<double>(bits); }
DEVICE unsigned long long bits_of(double value) { return as<unsigned long long>(value); }

// Runs a kernel on a grid. 0 if it ran; 1 if there is none of that name, 2 if its arguments have another length.
extern "C" int shim_launch(const char* name, const unsigned* grid, unsigned threads, const void* words, size_t bytes) {
    auto found = shim::kernels().find(name);
    if (found == shim::kernels().end()) return 1;
    if (found->second.bytes != bytes || threads > shim::THREADS_MAX) return 2;
    shim::run = found->second.run;
    shim::is_alone = found->second.is_alone;
    shim::words = words;
    shim::threads = (int)threads;
    for (unsigned batch = 0; batch < grid[2]; batch++) {
        for (unsigned row = 0; row < grid[1]; row++) {
            for (unsigned column = 0; column < grid[0]; column++) {
                shim::block = shim::Grid{column, row, batch};
                if (shim::is_alone) shim::run_alone();
                else shim::run_block();
            }
        }
    }
    return 0;
}
