/// A line on standard error that says what goes on; only where that is a terminal.
struct Progress {
  private let isShown: Bool
  /// Nothing is shown for commands that are done at once.
  private static let patience = Duration.milliseconds(400)
  private let start = ContinuousClock.now

  init(isQuiet: Bool) { isShown = !isQuiet && Console.errorIsTerminal }

  /// Replaces the line.
  /// `done`: the share that is done, from 0 to 1.
  func show(_ activity: String, _ done: Double) {
    guard isShown, ContinuousClock.now - start > Self.patience else { return }
    let width = 24
    let filled = min(max(Int(done * Double(width)), 0), width)
    let bar = String(repeating: "━", count: filled) + String(repeating: "─", count: width - filled)
    Console.note("\r\u{1B}[K\(bar) \(activity)")
  }

  /// A line that stays, above what another program writes.
  func note(_ text: String) {
    if isShown { Console.note("\r\u{1B}[K\(text)\n") }
  }

  /// Takes the line away.
  func clear() {
    guard isShown else { return }
    Console.note("\r\u{1B}[K")
  }
}
