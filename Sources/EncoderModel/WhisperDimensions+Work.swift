extension WhisperDimensions {
  /// Floating-point operations of the encoder's matrix products, two a multiply-add; what stands
  /// between them is not counted.
  package var encoderFlops: Double {
    let (frames, width) = (Double(numAudioContext), Double(audioWidth))
    let stem = 2 * 2 * frames * 3 * Double(numMels) * width + 2 * frames * 3 * width * width
    let projections = 4 * 2 * frames * width * width
    let attention = 2 * 2 * frames * frames * width
    let feedForward = 2 * 2 * frames * width * Double(feedForwardWidth)
    return stem + Double(numAudioLayers) * (projections + attention + feedForward)
  }
}
