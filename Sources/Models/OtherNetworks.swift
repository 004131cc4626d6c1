import DiffusionBytes
import DiffusionCheckpoints

/// Networks that cannot be drawn from, each known by the name of a tensor, so that whoever has one is told whose it is
/// and what to do.
enum OtherNetworks {
  /// A network of another code base.
  struct Network: Sendable {
    /// Whose it is, and what it does where that is not a picture's pixels.
    let name: String
    /// What to do.
    let advice: String
    /// Whether a checkpoint is one: `names` are those of its tensors, `words` the first words of all names in the file.
    let isOne: @Sendable (_ names: Set<String>, _ words: Set<String>) -> Bool

    init(_ name: String, _ advice: String, _ isOne: @escaping @Sendable (Set<String>, Set<String>) -> Bool) {
      (self.name, self.advice, self.isOne) = (name, advice, isOne)
    }
  }

  /// Why the network in `contents` cannot be drawn from; nil if it is none of these.
  static func reason(_ contents: CheckpointContents) -> String? {
    let names = Set(contents.state.names)
    let own = names.compactMap { $0.split(separator: ".").first.map(String.init) }
    let words = contents.state.origin.otherWords.union(own)
    let found = isKDiffusion(contents.state) ? kDiffusion : all.first { $0.isOne(names, words) }
    guard let network = found else { return nil }
    return "\(contents.name): is \(network.name), which cannot be drawn from here; \(network.advice)"
  }

  private static let kDiffusion = Network(
    "a network of k-diffusion's image_v1 or image_transformer kinds", "draw from it with k-diffusion's sample.py"
  ) { names, _ in
    names.contains { $0 == "mapping.0.bias" || $0.hasSuffix("inner_model.mapping.0.bias") }
      || names.contains("mapping.blocks.0.norm.scale")
  }

  /// Whether a safetensors file has k-diffusion's configuration where others have a description.
  private static func isKDiffusion(_ state: StateDict) -> Bool {
    struct Configuration: Decodable {
      struct Model: Decodable { let type: String }
      let model: Model
    }
    guard let text = state.metadata["config"] else { return false }
    return (try? decodeJSON(Configuration.self, from: text.utf8, snakeCase: true)) != nil
  }

  private static let all: [Network] = [
    Network(
      "a Stable Diffusion model", "draw from it with diffusers, or with stable-diffusion.cpp on a CPU"
    ) { _, words in words.contains("cond_stage_model") || words.contains("conditioner") },
    Network(
      "a latent diffusion model, whose network draws what its first_stage_model decodes",
      "convert it with diffusers, and give the folder that it saves"
    ) { _, words in words.contains("first_stage_model") },
    Network(
      "a network of dome272/Diffusion-Models-pytorch", "draw from it with its modules.py and ddpm.py"
    ) { names, _ in names.contains("inc.double_conv.0.weight") },
    Network(
      "a network of TeaPearce/Conditional_Diffusion_MNIST", "draw from it with its script.py"
    ) { names, _ in
      names.contains { $0.hasSuffix("init_conv.conv1.0.weight") || $0.hasPrefix("nn_model.init_conv.") }
    },
    Network(
      "a semantic diffusion model (WeilunWang/semantic-diffusion-model), which draws from maps of labels",
      "draw from it with its image_sample.py"
    ) { names, _ in names.contains { $0.contains(".in_norm.mlp_shared.0.") } },
    Network(
      "a segmenting network of MedSegDiff, which draws masks from scans", "use its segmentation_sample.py"
    ) { _, words in words.contains("hwm") },
    Network(
      "a motion diffusion model (GuyTevet/motion-diffusion-model), which draws movements",
      "use its sample/generate.py"
    ) { _, words in words.contains("seqTransEncoder") },
    Network(
      "a network of GLIDE, which draws from text", "draw from it with openai/glide-text2im"
    ) { names, words in names.contains("positional_embedding") && words.contains("transformer") },
    kDiffusion,
    Network(
      "a diffusion transformer (DiT), which draws latents", "draw from it with diffusers' DiTPipeline"
    ) { names, _ in names.contains("x_embedder.proj.weight") },
    Network(
      "a network with cross-attention, which draws from text or other sequences",
      "draw from it with the code that trained it"
    ) { names, _ in names.contains { $0.contains(".transformer_blocks.0.attn2.") } },
  ]
}
