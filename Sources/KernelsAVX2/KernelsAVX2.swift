/// The kernels compiled for AVX2.

package import KernelTable

/// Call only on a processor that has AVX2.
package func avx2Kernels() -> KernelTable { vectorisedKernels("avx2") }
