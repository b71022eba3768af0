/// Faults of the mel filterbank.

extension FrontEndFaults {
  /// Scale, norm and shape of the filters.
  static let scales: [FrontEndFault] = [
    FrontEndFault(
      "mel-no-area-norm", ids: [7], at: .melPower, "filters are not normalised by their area",
      remedy: "divide each filter by half its width in hertz: norm='slaney'"
    ) { $0.filterbank.norm = .none },
    FrontEndFault(
      "mel-unit-sum-norm", ids: [7], at: .melPower, "the weights of each filter sum to 1",
      remedy: "divide each filter by half its width in hertz: norm='slaney'"
    ) { $0.filterbank.norm = .unitSum },
    FrontEndFault(
      "mel-htk-scale", ids: [8], at: .melPower, "HTK's mel scale instead of Slaney's",
      remedy: "use Slaney's scale: htk=False, mel_scale='slaney'"
    ) { $0.filterbank.scale = .htk },
    FrontEndFault(
      "mel-torchaudio-filters", ids: [7, 8], at: .melPower,
      "HTK's scale without area norm (torchaudio's defaults)",
      remedy: "set norm='slaney' and mel_scale='slaney'"
    ) {
      $0.filterbank.scale = .htk
      $0.filterbank.norm = .none
    },
    FrontEndFault(
      "mel-bin-quantized", ids: [12], at: .melPower,
      "filter corners are rounded to bins, low bands are empty",
      remedy: "evaluate the triangles at the bins' frequencies without rounding"
    ) { $0.filterbank.shape = .binQuantized },
    FrontEndFault(
      "mel-bin-quantized-htk", ids: [7, 8, 12], at: .melPower,
      "filter corners rounded to bins on HTK's scale, without area norm (python_speech_features)",
      remedy: "use Slaney's scale and area norm, and do not round the corners"
    ) {
      $0.filterbank.shape = .binQuantized
      $0.filterbank.scale = .htk
      $0.filterbank.norm = .none
    },
    FrontEndFault(
      "mel-kaldi-triangles", at: .melPower, "sides of the triangles are straight in mel, not hertz",
      remedy: "interpolate in hertz, as librosa does"
    ) { $0.filterbank.shape = .melTriangles },
  ]

  /// Range, number and order of the filters.
  static let filters: [FrontEndFault] = [
    FrontEndFault(
      "mel-filters-22050", ids: [22], at: .melPower,
      "filterbank made for 22,050 Hz (librosa's default)",
      remedy: "pass sr=16000 to librosa.filters.mel"
    ) { $0.filterbank.designRateHz = 22_050 },
    FrontEndFault(
      "mel-max-7600", at: .melPower, "bands end at 7600 Hz",
      remedy: "let the bands end at 8000 Hz"
    ) { $0.filterbank.maximumHz = 7600 },
    FrontEndFault(
      "mel-max-4000", at: .melPower, "bands end at 4000 Hz",
      remedy: "let the bands end at 8000 Hz"
    ) { $0.filterbank.maximumHz = 4000 },
    FrontEndFault(
      "mel-min-20", at: .melPower, "bands start at 20 Hz (Kaldi's default)",
      remedy: "let the bands start at 0 Hz"
    ) { $0.filterbank.minimumHz = 20 },
    FrontEndFault(
      "mel-80-bands", ids: [24], at: .melPower, "80 bands for a model that takes 128",
      remedy: "compute as many bands as the model's num_mel_bins"
    ) { $0.filterbank.numMels = 80 },
    FrontEndFault(
      "mel-128-bands", ids: [24], at: .melPower, "128 bands cut to the 80 that the model takes",
      remedy: "compute as many bands as the model's num_mel_bins"
    ) { $0.filterbank.numMels = 128 },
    FrontEndFault(
      "mel-filterbank-transposed", ids: [25], at: .melPower,
      "the [bands, bins] filterbank is read as [bins, bands]",
      remedy: "transpose the filterbank, or index it as [band * 201 + bin]"
    ) { $0.filterbank.orientation = .misreadTransposed },
    FrontEndFault(
      "mel-bins-one-up", at: .melPower, "filters are applied one bin too high",
      remedy: "start at bin 0, the DC bin"
    ) { $0.filterbank.binShift = 1 },
    FrontEndFault(
      "mel-bins-one-down", at: .melPower, "filters are applied one bin too low",
      remedy: "keep the DC bin: 201 bins, not 200"
    ) { $0.filterbank.binShift = -1 },
  ]
}
