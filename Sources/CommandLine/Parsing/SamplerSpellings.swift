import DiffusionCore
import DiffusionText

/// Samplers under the names of other code bases: diffusers' schedulers, k-diffusion, stable-diffusion.cpp, openai's
/// consistency_models, and any mixture of capitals, hyphens and underscores.
enum SamplerSpellings {
  /// The names, as `plain` makes them of a spelling.
  private static let names: [String: String] = [
    "dpmpp2m": "dpmpp-2m", "dpm++2m": "dpmpp-2m", "dpm2m": "dpmpp-2m", "dpmsolvermultistep": "dpmpp-2m",
    "dpmsolver++": "dpmpp-2m", "dpmsolverpp": "dpmpp-2m",
    "dpmpp2msde": "dpmpp-2m-sde", "dpm++2msde": "dpmpp-2m-sde",
    "unipcmultistep": "unipc", "heundiscrete": "heun", "eulerdiscrete": "euler",
    "eulera": "euler-a", "eulerancestral": "euler-a", "eulerancestraldiscrete": "euler-a", "ancestral": "euler-a",
    "pndm": "plms", "ddimparallel": "ddim", "ddpmparallel": "ddpm",
  ]

  /// The name in the table of samplers; nil if it is none that is known.
  static func name(of spelling: String) -> String? {
    let plain = plain(spelling)
    return SamplerInfo.all.map(\.name).first { self.plain($0) == plain } ?? names[plain]
  }

  /// The name in the table of a sampler that is spelled with the spacing of its steps: `DPM++ 2M Karras`.
  static func nameWithKarras(_ spelling: String) -> String? {
    let word = spelling.lowercased()
    return word.hasSuffix("karras") ? name(of: String(word.dropLast("karras".count))) : nil
  }

  private static func plain(_ spelling: String) -> String {
    var word = spelling.lowercased()
    for prefix in ["k_", "k-", "sample_"] where word.hasPrefix(prefix) { word.removeFirst(prefix.count) }
    word.removeAll { "-_ ".contains($0) }
    return word.hasSuffix("scheduler") ? String(word.dropLast("scheduler".count)) : word
  }
}
