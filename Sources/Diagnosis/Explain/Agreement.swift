import Faults

extension [SpanOutcome] {
  /// Where a span's values cannot tell one cause from another, takes the one that explains the most
  /// spans: a port that rounds to tf32 in its blocks hardly rounds to f16 in its stem.
  mutating func agree() {
    var support: [String: Int] = [:]
    for cause in flatMap(\.causes) {
      for name in Set(cause.readings.compactMap(\.hypothesis.habit)) {
        support[name, default: 0] += 1
      }
      // A reading that leaves clearly less than the others counts twice.
      if let name = cause.clearest?.hypothesis.habit { support[name, default: 0] += 1 }
    }
    for outcome in indices {
      for index in self[outcome].causes.indices {
        self[outcome].causes[index].prefer { $0.hypothesis.habit.flatMap { support[$0] } ?? 0 }
      }
    }
  }
}

extension ProvedCause {
  /// The cause and what the data cannot tell from it.
  fileprivate var readings: [Trial] { [trial] + equivalents }

  /// The reading that leaves less than half of what any other does.
  fileprivate var clearest: Trial? {
    let ranked = readings.sorted { $0.worst(covered) < $1.worst(covered) }
    guard let best = ranked.first else { return nil }
    let next = ranked.first { $0.hypothesis.habit != best.hypothesis.habit }
    return best.worst(covered) < 0.5 * (next?.worst(covered) ?? .infinity) ? best : nil
  }

  /// Lets the reading with the most support stand for the cause; the present one where none has more.
  fileprivate mutating func prefer(_ support: (Trial) -> Int) {
    guard trial.hypothesis.habit != nil,
      let best = equivalents.indices.max(by: {
        (support(equivalents[$0]), $1) < (support(equivalents[$1]), $0)
      }),
      support(equivalents[best]) > support(trial)
    else { return }
    swap(&trial, &equivalents[best])
  }
}

extension Hypothesis {
  /// What a port does at one or many sites, without them; `nil` for several things at once.
  fileprivate var habit: String? {
    guard frontEnd.isEmpty, let first = faults.first?.name,
      faults.allSatisfy({ $0.name == first })
    else { return nil }
    return first
  }
}
