package import Diagnosis
package import Parity

/// Everything that `run` has to tell: what was compared, over which windows, and what was found.
package struct RunReport: Sendable {
  package var model: ModelIdentity
  package var input: InputIdentity
  package var reference: String
  /// One a window, in order; at least one.
  package var windows: [WindowReport]
  /// Facts about the backends that a reader may need: the OpenBLAS core, the kernels' names.
  package var backendNotes: [(backend: String, note: String)]
  /// What the encoders' outputs lead to; `nil` where nobody asked.
  package var transcript: TranscriptSection?
  /// Self-checks, error budgets and conditioning.
  package var inquiry = Inquest()

  package init(
    model: ModelIdentity, input: InputIdentity, reference: String, windows: [WindowReport],
    backendNotes: [(backend: String, note: String)] = []
  ) {
    self.model = model
    self.input = input
    self.reference = reference
    self.windows = windows
    self.backendNotes = backendNotes
  }

  /// The worst verdict of all windows.
  package var verdict: CandidateVerdict {
    windows.map(\.result.verdict).max { $0.severity < $1.severity } ?? .parity
  }

  /// The first window with the worst verdict.
  package var worstWindow: WindowReport? {
    windows.first { $0.result.verdict == verdict }
  }
}

/// One window of the audio and what was found over it.
package struct WindowReport: Sendable {
  package var index: Int
  package var result: ComparisonResult

  package init(index: Int, result: ComparisonResult) {
    self.index = index
    self.result = result
  }
}

/// Which weights were compared.
package struct ModelIdentity: Sendable {
  package var name: String
  package var format: String
  package var summary: String
  /// Hash of the encoder's weights as Float32, hexadecimal.
  package var encoderWeightsHash: String

  package init(name: String, format: String, summary: String, encoderWeightsHash: String) {
    self.name = name
    self.format = format
    self.summary = summary
    self.encoderWeightsHash = encoderWeightsHash
  }
}

/// What was fed to every encoder.
package struct InputIdentity: Sendable {
  /// `audio` or `mel`.
  package var kind: String
  package var path: String
  /// Format, rate, channels and length in words.
  package var description: String
  package var durationSeconds: Double?
  /// How many windows the audio has.
  package var numWindows: Int
  /// FNV-1a over the mels' Float32 bytes, hexadecimal.
  package var hash: String

  package init(
    kind: String, path: String, description: String, durationSeconds: Double?, numWindows: Int,
    hash: String
  ) {
    self.kind = kind
    self.path = path
    self.description = description
    self.durationSeconds = durationSeconds
    self.numWindows = numWindows
    self.hash = hash
  }
}
