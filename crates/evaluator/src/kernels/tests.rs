//! Kernels against the plain triple loop.
