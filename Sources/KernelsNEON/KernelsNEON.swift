/// The kernels compiled for NEON.

package import KernelTable

/// Call only on a processor that has NEON.
package func neonKernels() -> KernelTable { vectorisedKernels("neon") }
