import CFuzz
import DiffusionPlatform

// One target under libFuzzer: fuzz TARGET [libFuzzer's options] CORPUS...; without words, the names of the targets.

guard CommandLine.arguments.count > 1 else {
  for target in fuzzTargets { print(target.name) }
  exit(0)
}
guard let chosen = fuzzTargets.first(where: { $0.name == CommandLine.arguments[1] }) else {
  fatalError("there is no target \(CommandLine.arguments[1])")
}
running = chosen

// The target's name is no option of libFuzzer's.
var words: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.enumerated().filter { $0.offset != 1 }
  .map { strdup($0.element) }
words.append(nil)
exit(
  fuzz_run(CInt(words.count - 1), &words) { data, size in
    feed(UnsafeBufferPointer(start: data, count: size))
    return 0
  })
