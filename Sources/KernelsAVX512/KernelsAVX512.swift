/// The kernels compiled for AVX512.

package import KernelTable

/// Call only on a processor that has AVX512.
package func avx512Kernels() -> KernelTable { vectorisedKernels("avx512") }
