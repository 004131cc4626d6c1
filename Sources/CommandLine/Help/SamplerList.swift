import DiffusionCore

/// One line per sampler, for `--sampler help`.
public func samplerList(_ samplers: [SamplerInfo] = SamplerInfo.all) -> String {
  let width = samplers.map(\.name.count).max() ?? 0
  return samplers.map {
    $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.summary + "\n"
  }.joined()
}
