/// The text of `sample --help`, of a command's, or of `train --help`.
///
/// - Parameter width: the columns to fill, at least 60.
public func helpText(_ command: CommandName = .draw, width: Int = 80) -> String {
  var lines = wrap("\(command.usage) \(command.summary).", width: 80) + ["", "Examples"]
  for (meaning, line) in examples(command) { lines += ["  # \(meaning)", "  \(line)"] }
  if command == .draw {
    lines += ["", "Commands (sample COMMAND --help says more)"]
    for other in Program.sample.verbs { lines += entry(other.usage, other.summary, width: max(width, 60)) }
  }
  for group in OptionDefinition.Group.allCases {
    let options = optionTable.filter { $0.group == group && $0.commands.contains(command) }
    if options.isEmpty { continue }
    lines += ["", group.rawValue]
    for option in options { lines += entry(usage(option), option.help, width: max(width, 60)) }
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
      ("the embedded model, one image at a time and sixteen", "sample bench"),
      ("which layers take the time, on one thread", "sample bench --layers --batch 1 --threads 1"),
    ]
  case .reproduce:
    [
      ("an image of the embedded model", "sample reproduce img-00007.png"),
      ("of another, which has moved", "sample reproduce --model models/m.pt img.png"),
    ]
  case .show: [("how an image was drawn", "sample show img.png")]
  case .encode:
    [
      ("the noise of a picture of a seven", "sample encode seven.png --class 7 --steps 250 --out z.npy"),
      ("the picture again", "sample --noise z.npy --sampler ddim --steps 250 --class 7 --guidance 1"),
    ]
  case .reconstruct:
    [
      ("how near it comes", "sample reconstruct seven.png --class 7 --steps 250"),
      ("several, on one sheet", "sample reconstruct 7.png 2.png --class 7,2 --grid --out sheet.png"),
    ]
  case .interpolate:
    [
      ("eight pictures in a row", "sample interpolate a.png b.png --out between.png"),
      ("a file each", "sample interpolate a.png b.png --frames 30 --out 'f-%02d.png'"),
      ("between the images of two seeds", "sample interpolate --seed 1..2 --class 3 --out between.png"),
    ]
  case .nll:
    [
      ("bits per dimension of pictures of a seven and a two", "sample nll 7.png 2.png --class 7,2"),
      ("of a data set with labels, on 250 steps", "sample nll digits.npz --steps 250 --out nll.csv"),
    ]
  case .inspect:
    [
      ("what a checkpoint is", "sample inspect m.pt"),
      ("the same for a program to read", "sample inspect --json m.safetensors"),
    ]
  case .convert:
    [
      ("a folder of diffusers becomes one file", "sample convert ddpm-cifar10-32 cifar10.safetensors"),
      ("half the size, and never a flag again", "sample convert --half --num-heads 8 m.pt m.safetensors"),
      ("back to PyTorch: for torch.load and load_state_dict", "sample convert m.safetensors m.pt"),
    ]
  case .run:
    [
      ("a file of requests", "sample run requests.jsonl"),
      ("one, down a pipe", "echo '{\"out\": \"a.png\", \"steps\": 20, \"seed\": 7}' | sample run -"),
    ]
  case .completions:
    [
      ("complete in this session of bash", "source <(sample completions bash)"),
      ("of zsh, after compinit", "source <(sample completions zsh)"),
      ("of fish", "sample completions fish | source"),
    ]
  case .train:
    [
      ("a folder of PNGs, 32 pixels wide", "train --data pictures --image-size 32 --steps 100000 --out run"),
      ("grey digits", "train --data d.npz --image-size 28 --in-channels 1 --channel-mult 1,2,2 -o run"),
      ("classes, for guidance too", "train --data pictures --class-cond --null-class 0.1 --out run"),
      ("go on after an interruption", "train --resume run"),
      ("draw with what it has come to", "sample --model run --out img.png"),
    ]
  case .man:
    [("read it, without installing it", "sample man | man -l -")]
  case .draw:
    [
      ("one image from the embedded model", "sample --steps 50 --out img.png"),
      ("64 digits on one sheet", "sample --count 64 --grid --class 0-9 --out sheet.png"),
      ("a batch, a file each", "sample --count 1000 --out 'out/%05d.png'"),
      ("a model of your own", "sample --model m.pt --out img.png"),
      ("what it is, and what is assumed of it; sample inspect --help says more", "sample inspect m.pt"),
      ("how fast a model is; sample bench --help says more", "sample bench"),
    ]
  }
}

/// What holds of all options.
let spellingNote = """
  BOOL is True or False; left out, it is True. Options may also be typed --name=value, and with underscores for hyphens; \
  given twice, the last counts.
  """

let exitStatuses = [
  (status: 0, meaning: "done"), (status: 1, meaning: "failed"), (status: 64, meaning: "the command line is wrong"),
  (status: 130, meaning: "interrupted"), (status: 143, meaning: "ended by SIGTERM"),
]

/// The line or lines of an option or a command: how it is typed, and what it does.
private func entry(_ usage: String, _ help: String, width: Int) -> [String] {
  let indent = 24
  let text = wrap(help, width: width - indent)
  let head = "  " + usage
  let padding = String(repeating: " ", count: indent)
  guard head.count < indent else { return [head] + text.map { padding + $0 } }
  return [head + padding.dropFirst(head.count) + text[0]] + text.dropFirst().map { padding + $0 }
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
