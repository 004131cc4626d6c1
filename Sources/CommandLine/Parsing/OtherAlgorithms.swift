import DiffusionText

/// Flags of other code bases that ask for another algorithm. A pasted command line is refused by the one that does,
/// wherever it stands and whatever else is unknown beside it.
enum OtherAlgorithms {
  private struct Flag {
    /// The flag, with hyphens.
    let name: String
    /// The values that ask for it; nil if all do.
    let values: Set<String>?
    /// The command that would be taken for it.
    let command: CommandName
    /// What it asks for, and what to do.
    let reason: String

    init(_ name: String, _ command: CommandName, values: Set<String>? = nil, _ reason: String) {
      (self.name, self.values, self.command, self.reason) = (name, values, command, reason)
    }
  }

  /// The flags; of those on one command line, the first here is named.
  private static let all: [Flag] = [
    Flag(
      "task-config", .draw,
      """
      is DPS's (DPS2022/diffusion-posterior-sampling), which draws what a measurement came from; it is not among the \
      algorithms here: run its sample_condition.py
      """),
    Flag(
      "down-n", .draw,
      """
      is ILVR's (jychoi118/ilvr_adm), which holds on to the low frequencies of an image; it is not among the \
      algorithms here: run its ilvr_sample.py, or type --init-image in place of --base_samples, and leave --down_N and \
      --range_t out
      """),
    Flag(
      "deg", .draw,
      """
      is DDRM's (bahjat-kawar/ddrm), which restores degraded images; it is not among the algorithms here: run its \
      main.py
      """),
    Flag(
      "conf-path", .draw,
      """
      is RePaint's file of settings, which is not read here; RePaint itself is: type --model, --init-image, --mask, \
      --jump-length and --jump-count
      """),
    Flag(
      "ref-batch", .draw,
      """
      is of ternary_search.py, which looks for the best levels of a consistency model; it is not among the algorithms \
      here: type --sampler multistep --ts 0,22,39 --steps 40 for levels that are known
      """),
    Flag(
      "config", .draw,
      "is a file of another code base's settings, which is not read here; type the model's as options (sample --help)"),
    Flag(
      "training-mode", .train, values: ["consistency_distillation", "consistency_training", "progdist"],
      """
      trains a consistency model, which is not learned here; leave it out to learn diffusion, or type --process flow
      """),
    Flag(
      "training-mode", .train, values: ["edm"],
      "trains as EDM does, which is not learned here; leave it out to learn diffusion, or type --process flow"),
    Flag(
      "schedule-sampler", .train, values: ["lognormal"],
      """
      draws noise levels as EDM's training does, which is not learned here; type --schedule-sampler uniform to learn \
      diffusion
      """),
    Flag(
      "p2-gamma", .train,
      """
      weights the loss as P2 does (jychoi118/P2-weighting), which is not among the losses here; leave it and --p2_k \
      out to learn with the usual one
      """),
    Flag(
      "config", .train,
      "is a file of another code base's settings, which is not read here; type them as options (train --help)"),
  ]

  /// The error for the first flag among `words`, up to `--`, that asks for another algorithm; nil if there is none.
  static func refusal(_ words: some Collection<String>, of command: CommandName) -> UsageError? {
    let words = Array(words.prefix { $0 != "--" })
    let flags = words.indices.compactMap { i -> (typed: Substring, name: String, value: String)? in
      guard words[i].hasPrefix("--") else { return nil }
      let parts = words[i].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? String(parts[1]) : i + 1 < words.count ? words[i + 1] : ""
      return (parts[0], String(parts[0].dropFirst(2).map { $0 == "_" ? "-" : $0 }).lowercased(), value)
    }
    for known in all where known.command == command {
      guard let flag = flags.first(where: { $0.name == known.name && known.values?.contains($0.value) ?? true }) else {
        continue
      }
      let typed = known.values == nil ? String(flag.typed) : "\(flag.typed) \(flag.value)"
      return UsageError("\(typed) \(known.reason)")
    }
    return nil
  }
}
