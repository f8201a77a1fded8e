// What kernels are written with, on a GPU: names of its own for places, memory, barriers, and operations that round once each.
//
// No kernel uses anything of CUDA but through this file. Tests put tests/shim/platform.hpp in its place and run the kernels on the
// processor; a port to another interface is another such file.

typedef long long Count;

#define DEVICE static __device__ __forceinline__
#define DEVICE_MEMBER __device__ __forceinline__
#define SHARED __shared__
#define ALIGNED(bytes) __align__(bytes)
#define UNROLL _Pragma("unroll")
// A name of its own for each, beside those that CUDA has. With barriers or exchanges between threads; ALONE promises that there are none.
#define KERNEL(name, Arguments) extern "C" __global__ void __launch_bounds__(256) neuron_##name(const Arguments arguments)
#define ALONE(name, Arguments) KERNEL(name, Arguments)

// Place of a thread in its block, and of the block in the grid.
DEVICE int thread_place() { return (int)threadIdx.x; }
DEVICE Count block_column() { return blockIdx.x; }
DEVICE Count block_row() { return blockIdx.y; }
DEVICE Count block_batch() { return blockIdx.z; }

// All threads of the block come here before one goes on.
DEVICE void barrier() { __syncthreads(); }

// The value that the thread so many places further up its half warp has; behind the end one's own.
DEVICE float from_above(float value, int distance) { return __shfl_down_sync(0xffffffffu, value, distance, 16); }
// The value of the first thread of the half warp.
DEVICE float from_first(float value) { return __shfl_sync(0xffffffffu, value, 0, 16); }

// Each is rounded once, to nearest, ties to even; no compiler joins two of them.
DEVICE float plus(float left, float right) { return __fadd_rn(left, right); }
DEVICE float minus(float left, float right) { return __fsub_rn(left, right); }
DEVICE float times(float left, float right) { return __fmul_rn(left, right); }
DEVICE float over(float left, float right) { return __fdiv_rn(left, right); }
DEVICE float root(float value) { return __fsqrt_rn(value); }
DEVICE float fused(float factor, float other, float addend) { return __fmaf_rn(factor, other, addend); }
DEVICE double plus(double left, double right) { return __dadd_rn(left, right); }
DEVICE double minus(double left, double right) { return __dsub_rn(left, right); }
DEVICE double times(double left, double right) { return __dmul_rn(left, right); }
DEVICE double over(double left, double right) { return __ddiv_rn(left, right); }

DEVICE float number(unsigned bits) { return __uint_as_float(bits); }
DEVICE unsigned bits_of(float value) { return __float_as_uint(value); }
DEVICE double wide_number(unsigned long long bits) { return __longlong_as_double((long long)bits); }
DEVICE unsigned long long bits_of(double value) { return (unsigned long long)__double_as_longlong(value); }
