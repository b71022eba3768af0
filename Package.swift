// swift-tools-version: 6.2
import PackageDescription

/// Language settings shared by every target.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Loops over every sample, weight and element: optimised in debug builds too, where they are a hundred times slower
/// otherwise; generics need the whole module in sight.
let optimized: [SwiftSetting] =
  strict + [.unsafeFlags(["-O", "-whole-module-optimization", "-num-threads", "2"])]

/// Numeric kernels: bounds checks off, and the instruction set that the target is named after. The
/// module as a whole, in debug builds too: what is inlined into a loop lies in another file.
func kernels(_ flags: [String]) -> [SwiftSetting] {
  let optimised = ["-Ounchecked", "-whole-module-optimization", "-num-threads", "2"]
  return strict + [.unsafeFlags(optimised + flags.flatMap { ["-Xcc", $0] })]
}

/// Whether this machine knows the instruction sets of x86-64.
#if arch(x86_64)
  let isIntel = true
#else
  let isIntel = false
#endif

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

// Modules stand in the order of the data's road: each may import only what stands above it.
let package = Package(
  name: "encoder-diff",
  products: [.executable(name: "encoder-diff", targets: ["EncoderDiffCLI"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // C libraries of the system.
    // OpenBLAS and LAPACKE are loaded when they are first asked for.
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLAPACKE", providers: [.apt(["liblapacke-dev"])]),
    .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Tensors and files.
    .target(name: "TensorCore", swiftSettings: optimized),
    .target(name: "TensorIO", dependencies: ["TensorCore", "CZlib"], swiftSettings: strict),

    // Waveform → mel.
    .target(
      name: "AudioFrontEnd", dependencies: ["TensorCore", "CSndfile", "CSoxr"],
      swiftSettings: optimized),

    // What an encoder is, and how ports of it break.
    .target(
      name: "EncoderModel", dependencies: ["TensorCore", "TensorIO"], swiftSettings: optimized),
    .target(
      name: "Faults", dependencies: ["TensorCore", "EncoderModel", "AudioFrontEnd"],
      swiftSettings: strict),

    // Mel → taps, three times, sharing no arithmetic; which functions faulty encoders have is EncoderModel's to say.
    .systemLibrary(name: "CProcessor"),
    .target(name: "Processor", dependencies: ["CProcessor"], swiftSettings: strict),
    .target(name: "ReferenceArithmetic", swiftSettings: strict),
    .target(
      name: "ReferenceAVX512", dependencies: ["ReferenceArithmetic"],
      swiftSettings: kernels(isIntel ? ["-march=skylake-avx512"] : [])),
    .target(
      name: "ReferenceAVX2", dependencies: ["ReferenceArithmetic"],
      swiftSettings: kernels(isIntel ? ["-march=haswell"] : [])),
    .target(
      name: "ReferencePortable", dependencies: ["ReferenceArithmetic"],
      swiftSettings: kernels([])),
    .target(
      name: "ReferenceBackend",
      dependencies: [
        "TensorCore", "EncoderModel", "ReferenceArithmetic", "ReferenceAVX512", "ReferenceAVX2",
        "ReferencePortable", "CProcessor", "Processor",
      ],
      swiftSettings: optimized),
    .target(name: "BLASArithmetic", swiftSettings: strict),
    .target(
      name: "BLASAVX512", dependencies: ["BLASArithmetic"],
      swiftSettings: kernels(isIntel ? ["-march=skylake-avx512"] : [])),
    .target(
      name: "BLASAVX2", dependencies: ["BLASArithmetic"],
      swiftSettings: kernels(isIntel ? ["-march=haswell"] : [])),
    .target(name: "BLASPortable", dependencies: ["BLASArithmetic"], swiftSettings: kernels([])),
    .target(
      name: "BLASBackend",
      dependencies: [
        "TensorCore", "EncoderModel", "COpenBLAS", "CProcessor", "BLASArithmetic", "BLASAVX512",
        "BLASAVX2", "BLASPortable", "Processor",
      ],
      swiftSettings: strict),
    .target(name: "KernelTable", swiftSettings: strict),
    .target(
      name: "KernelsAVX512", dependencies: ["KernelTable", "CProcessor"],
      swiftSettings: kernels(isIntel ? ["-march=skylake-avx512"] : [])),
    .target(
      name: "KernelsAMX", dependencies: ["KernelTable", "CProcessor"],
      swiftSettings: kernels(
        isIntel ? ["-march=skylake-avx512", "-mamx-tile", "-mamx-bf16"] : [])),
    .target(
      name: "KernelsAVX2", dependencies: ["KernelTable", "CProcessor"],
      swiftSettings: kernels(isIntel ? ["-march=haswell"] : [])),
    .target(
      name: "KernelsNEON", dependencies: ["KernelTable", "CProcessor"], swiftSettings: kernels([])),
    .target(name: "KernelsScalar", dependencies: ["KernelTable"], swiftSettings: kernels([])),
    .target(
      name: "Kernels",
      dependencies: [
        "KernelTable", "KernelsAMX", "KernelsAVX512", "KernelsAVX2", "KernelsNEON", "KernelsScalar",
        "CProcessor", "Processor",
      ],
      swiftSettings: strict),
    .target(
      name: "GraphBackend", dependencies: ["TensorCore", "EncoderModel", "KernelTable", "Kernels"],
      swiftSettings: strict),

    // Taps → figures → verdicts → causes → text.
    .target(name: "ParityArithmetic", swiftSettings: strict),
    .target(
      name: "ParityAVX512", dependencies: ["ParityArithmetic", "CProcessor"],
      swiftSettings: kernels(isIntel ? ["-march=skylake-avx512"] : [])),
    .target(
      name: "ParityAVX2", dependencies: ["ParityArithmetic", "CProcessor"],
      swiftSettings: kernels(isIntel ? ["-march=haswell"] : [])),
    .target(
      name: "ParityPortable", dependencies: ["ParityArithmetic", "CProcessor"],
      swiftSettings: kernels([])),
    .target(
      name: "Parity",
      dependencies: [
        "TensorCore", "EncoderModel", "CLAPACKE", "Processor", "ParityArithmetic", "ParityAVX512",
        "ParityAVX2", "ParityPortable",
      ],
      swiftSettings: optimized),
    .target(
      name: "ForeignDumps", dependencies: ["TensorCore", "TensorIO", "EncoderModel"],
      swiftSettings: strict),
    .target(
      name: "Transcription", dependencies: ["TensorCore", "TensorIO", "EncoderModel"],
      swiftSettings: optimized),
    .target(
      name: "Diagnosis",
      dependencies: [
        "TensorCore", "AudioFrontEnd", "EncoderModel", "Faults", "Parity", "CLAPACKE",
      ],
      swiftSettings: optimized),
    .target(
      name: "Regression",
      dependencies: ["TensorCore", "TensorIO", "EncoderModel", "Parity", yams],
      swiftSettings: strict),
    .target(
      name: "Report",
      dependencies: [
        "TensorCore", "TensorIO", "EncoderModel", "Parity", "Diagnosis", "Transcription",
        "Regression",
      ],
      swiftSettings: strict),

    // Compose.
    .executableTarget(
      name: "EncoderDiffCLI",
      dependencies: [
        "TensorCore", "TensorIO", "AudioFrontEnd", "EncoderModel", "Faults", "ReferenceBackend",
        "BLASBackend", "Kernels", "GraphBackend", "Parity", "ForeignDumps", "Transcription",
        "Diagnosis", "Regression", "Report", argumentParser, logging,
      ],
      swiftSettings: strict),

    .testTarget(
      name: "TensorIOTests", dependencies: ["TensorIO", "TensorCore"], swiftSettings: strict),
    .testTarget(
      name: "EncoderModelTests", dependencies: ["EncoderModel", "TensorIO", "TensorCore"],
      swiftSettings: strict),
    .testTarget(
      name: "ForeignDumpsTests",
      dependencies: ["ForeignDumps", "EncoderModel", "TensorIO", "TensorCore"],
      swiftSettings: strict),
    .testTarget(
      name: "AudioFrontEndTests",
      dependencies: ["AudioFrontEnd", "TensorIO", "TensorCore", "CSndfile"], swiftSettings: strict),
    .testTarget(
      name: "ReferenceBackendTests",
      dependencies: [
        "ReferenceBackend", "ReferenceArithmetic", "EncoderModel", "TensorIO", "TensorCore",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "BLASBackendTests",
      dependencies: [
        "BLASBackend", "BLASArithmetic", "Processor", "ReferenceBackend", "Faults", "EncoderModel",
        "TensorCore",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "KernelsTests",
      dependencies: [
        "Kernels", "KernelTable", "KernelsAVX512", "KernelsAVX2", "KernelsNEON", "KernelsScalar",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "GraphBackendTests",
      dependencies: [
        "GraphBackend", "Faults", "EncoderModel", "TensorCore", "KernelTable", "Kernels",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "TranscriptionTests",
      dependencies: [
        "Transcription", "ReferenceBackend", "EncoderModel", "TensorIO", "TensorCore",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ParityTests",
      dependencies: [
        "Parity", "ParityArithmetic", "EncoderModel", "TensorCore", "TensorIO", "ReferenceBackend",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "DiagnosisTests",
      dependencies: [
        "Diagnosis", "Parity", "Faults", "EncoderModel", "ReferenceBackend", "GraphBackend",
        "BLASBackend", "AudioFrontEnd", "TensorIO", "TensorCore",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FaultsTests", dependencies: ["Faults", "AudioFrontEnd", "EncoderModel"],
      swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests", dependencies: ["EncoderDiffCLI", "TensorIO", "TensorCore"],
      swiftSettings: strict),
    .testTarget(
      name: "RegressionTests",
      dependencies: ["Regression", "Parity", "EncoderModel", "TensorIO", "TensorCore"],
      swiftSettings: strict),
    .testTarget(
      name: "ReportTests",
      dependencies: ["Report", "Regression", "Diagnosis", "Parity", "EncoderModel", "TensorCore"],
      swiftSettings: strict),
  ]
)
