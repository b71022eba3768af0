import TensorCore

/// What `encoder-diff model` tells of a checkpoint; sizes and counts, nothing is judged.
package struct ModelSummary: Sendable {
  package let name: String
  package let format: String
  package let dimensions: WhisperDimensions
  /// Tensors and elements by stored element type, most elements first: `("q5_0", 26, 1_769_472)`.
  package let storedTypes: [(type: String, numTensors: Int, numElements: Int)]
  package let numEncoderParameters: Int
  package let numDecoderParameters: Int
  /// Bytes of the weights as Float32, which is what every backend works with.
  package let float32ByteCount: Int
  /// Tensors of the file that are no weight of the model; sorted.
  package let unknownTensors: [String]
  package let tokenizerPath: String?
  package let numEmbeddedTokens: Int?
  package let encoderWeightsHash: String

  /// Reads every weight of the encoder, for the hash.
  package init(_ model: WhisperModel) {
    name = model.name
    format = model.format
    dimensions = model.dimensions
    tokenizerPath = model.tokenizerPath
    numEmbeddedTokens = model.embeddedVocabulary?.count
    encoderWeightsHash = model.encoderWeightsHash
    let encoder = dimensions.encoderWeightShapes
    let decoder = dimensions.decoderWeightShapes
    func count(_ weights: [(name: String, shape: [Int])]) -> Int {
      weights.reduce(0) { $0 + $1.shape.reduce(1, *) }
    }
    numEncoderParameters = count(encoder)
    numDecoderParameters = count(decoder)
    float32ByteCount = 4 * (numEncoderParameters + numDecoderParameters)
    let lazy = model.weights as? LazyWeights
    unknownTensors = lazy?.unknownTensors ?? []
    var types: [String: (tensors: Int, elements: Int)] = [:]
    for (name, shape) in encoder + decoder {
      let type = lazy?.origins[name]?.storedType ?? "generated"
      types[type, default: (0, 0)].tensors += 1
      types[type, default: (0, 0)].elements += shape.reduce(1, *)
    }
    storedTypes = types.map { ($0.key, $0.value.tensors, $0.value.elements) }
      .sorted { ($1.2, $0.0) < ($0.2, $1.0) }
  }
}
