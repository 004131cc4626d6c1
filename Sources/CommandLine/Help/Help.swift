/// The help of `sample`, of one of its commands, or of `train`.
///
/// - Parameters:
///   - command: the command.
///   - width: columns to fill, at least 60.
public func helpText(_ command: CommandName = .draw, width: Int = 80) -> String {
  var lines = wrap("\(command.usage) \(command.summary).", width: 80) + ["", "Examples"]
  for (meaning, line) in examples(command) { lines += ["  # \(meaning)", "  \(line)"] }
  if command == .draw {
    lines += ["", "Commands (for details, sample COMMAND --help)"]
    for other in Program.sample.verbs { lines += entry(other.usage, other.summary, width: max(width, 60)) }
  }
  for group in OptionDefinition.Group.allCases {
    let table = options(of: command).filter { $0.group == group }
    if table.isEmpty { continue }
    lines += ["", group.rawValue]
    for option in table { lines += entry(usage(option), option.help, width: max(width, 60)) }
  }
  lines += [""] + wrap(spellingNote, width: 80)
  let statuses = exitStatuses.map { "\($0.status) \($0.meaning)" }.joined(separator: ", ")
  lines += [""] + wrap("Exit status: \(statuses).", width: 80)
  return lines.joined(separator: "\n") + "\n"
}

func examples(_ command: CommandName) -> [(meaning: String, line: String)] {
  switch command {
  case .bench:
    [
      ("the embedded model, with batches of 1 and 16", "sample bench"),
      ("the time per layer, on one thread", "sample bench --layers --batch 1 --threads 1"),
    ]
  case .reproduce:
    [
      ("an image drawn by the embedded model", "sample reproduce img-00007.png"),
      ("an image of a model whose file has moved", "sample reproduce --model models/m.pt img.png"),
    ]
  case .show: [("how an image was drawn", "sample show img.png")]
  case .encode:
    [
      ("encode a picture of a seven", "sample encode seven.png --class 7 --steps 250 --out z.npy"),
      ("draw it again from the noise", "sample --noise z.npy --sampler ddim --steps 250 --class 7 --guidance 1"),
    ]
  case .reconstruct:
    [
      ("how close the reconstruction is", "sample reconstruct seven.png --class 7 --steps 250"),
      ("several images, on one sheet", "sample reconstruct 7.png 2.png --class 7,2 --grid --out sheet.png"),
    ]
  case .interpolate:
    [
      ("eight images in a row", "sample interpolate a.png b.png --out between.png"),
      ("one file per image", "sample interpolate a.png b.png --frames 30 --out 'f-%02d.png'"),
      ("between the images of two seeds", "sample interpolate --seed 1..2 --class 3 --out between.png"),
    ]
  case .nll:
    [
      ("bits per dimension of a seven and a two", "sample nll 7.png 2.png --class 7,2"),
      ("of a labelled data set, using 250 steps", "sample nll digits.npz --steps 250 --out nll.csv"),
    ]
  case .score:
    [
      ("drawn pictures, against those learned from", "sample score out --reference photos --inception inception.pt"),
      ("what a model draws", "sample score --model m.pt -n 10000 --reference photos --inception inception.pt"),
      ("small pictures, by a classifier of them", "sample score digits.npz --reference mnist.npz --features c.pt"),
    ]
  case .inspect:
    [
      ("describe a checkpoint", "sample inspect m.pt"),
      ("the same as JSON", "sample inspect --json m.safetensors"),
    ]
  case .convert:
    [
      ("turn a diffusers folder into a single file", "sample convert ddpm-cifar10-32 cifar10.safetensors"),
      ("half the size, with the flags stored in the file", "sample convert --half --num-heads 8 m.pt m.safetensors"),
      ("back to PyTorch, for torch.load and load_state_dict", "sample convert m.safetensors m.pt"),
      ("a folder that diffusers loads", "sample convert m.pt m-diffusers/"),
    ]
  case .run:
    [
      ("a file of requests", "sample run requests.jsonl"),
      ("a single request, through a pipe", "echo '{\"out\": \"a.png\", \"steps\": 20, \"seed\": 7}' | sample run -"),
    ]
  case .completions:
    [
      ("in this bash session", "source <(sample completions bash)"),
      ("in this zsh session, after compinit", "source <(sample completions zsh)"),
      ("in this fish session", "sample completions fish | source"),
    ]
  case .train:
    [
      ("a folder of pictures, at 32 by 32 pixels", "train --data pictures --image-size 32 --steps 100000 --out run"),
      ("grey digits, as arrays", "train --data d.npz --image-size 28 --in-channels 1 --channel-mult 1,2,2 -o run"),
      ("a class-conditional model that can be guided", "train --data pictures --class-cond --null-class 0.1 --out run"),
      ("continue after an interruption", "train --resume run"),
      ("draw with the trained model", "sample --model run --out img.png"),
    ]
  case .man:
    [("read it without installing it", "sample man | man -l -")]
  case .draw:
    [
      ("one image from the embedded model", "sample --steps 50 --out img.png"),
      ("64 digits on one sheet", "sample --count 64 --grid --class 0-9 --out sheet.png"),
      ("a thousand images, one file each", "sample --count 1000 --out 'out/%05d.png'"),
      ("a model of your own", "sample --model m.pt --out img.png"),
      ("what that model is, and which settings are assumed", "sample inspect m.pt"),
      ("how fast the embedded model is", "sample bench"),
    ]
  }
}

/// Applies to all options.
let spellingNote = """
  BOOL is True or False; if left out, True. Options can also be typed as --name=value, and with underscores instead of \
  hyphens. An option can be repeated only with the same value.
  """

let exitStatuses = [
  (status: 0, meaning: "success"), (status: 1, meaning: "failure"), (status: 64, meaning: "invalid command line"),
  (status: 130, meaning: "interrupted (Ctrl-C)"), (status: 143, meaning: "terminated (SIGTERM)"),
]

/// The lines for an option or a command: usage and help.
private func entry(_ usage: String, _ help: String, width: Int) -> [String] {
  let indent = 24
  let text = wrap(help, width: width - indent)
  let head = "  " + usage
  let padding = String(repeating: " ", count: indent)
  guard head.count < indent else { return [head] + text.map { padding + $0 } }
  let first: String = head + String(padding.dropFirst(head.count)) + text[0]
  return [first] + text.dropFirst().map { padding + $0 }
}

private func usage(_ option: OptionDefinition) -> String {
  option.shownNames.joined(separator: ", ") + (option.shownValue.isEmpty ? "" : " \(option.shownValue)")
}

private func wrap(_ text: String, width: Int) -> [String] {
  var lines = [""]
  for word in text.split(separator: " ") {
    let line = lines[lines.count - 1]
    if line.isEmpty {
      lines[lines.count - 1] = String(word)
    } else if line.count + 1 + word.count <= width {
      lines[lines.count - 1] += " " + word
    } else {
      lines.append(String(word))
    }
  }
  return lines
}
