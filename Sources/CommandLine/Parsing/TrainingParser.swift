import DiffusionTraining

/// Reads the command line of the program `train`, without its name, as `parse` does.
///
/// - Throws: `UsageError` for the first mistake.
public func parseTraining(_ arguments: [String]) throws(UsageError) -> TrainingCommand {
  let words = arguments.prefix { $0 != "--" }
  if words.contains("--help") || words.contains("-h") { return .help }
  if words.contains("--version") { return .version }
  let options = try enter(arguments, Options())
  if let shell = options.run.shell { return .completions(shell) }
  if options.run.wantsManPage { return .man }
  try validateWords(options)
  if let folder = options.run.resumed {
    guard options.run.folder == nil else {
      throw UsageError("--resume goes on in the run's own folder; leave --out out")
    }
    // The rest is seen together with what the run was begun with.
    return .resume(folder: folder)
  }
  if let problem = options.training.problem { throw UsageError(verbatim: problem) }
  guard let folder = options.run.folder else {
    throw UsageError("train needs a folder for the run; type for instance --out run")
  }
  return .train(options, folder: folder)
}

/// Reads a command line that goes on with a run, for which `parseTraining(_:)` says `resume`.
///
/// - Parameter stored: what the run was begun with; what is typed now counts in its place.
/// - Throws: `UsageError` for the first mistake, also in what comes of both together.
public func parseTraining(_ arguments: [String], resuming stored: TrainingRequest) throws(UsageError) -> Options {
  var options = Options()
  options.training = stored
  options = try enter(arguments, options)
  if let problem = options.training.problem { throw UsageError(verbatim: problem) }
  return options
}

/// What a run was begun with, whichever version has written it down.
///
/// - Throws: `UsageError` for the words of an earlier version that this one does not know.
public func recordedRequest(_ record: RunRecord) throws(UsageError) -> TrainingRequest {
  switch record.beginning {
  case .request(let request): return request
  case .arguments(let words):
    guard case .train(let options, _) = try parseTraining(words) else {
      throw UsageError("what the run was begun with is no training; begin anew with --data and --out")
    }
    return options.training
  }
}

/// `options`, and what is typed in their place.
private func enter(_ arguments: [String], _ options: Options) throws(UsageError) -> Options {
  var (options, rest) = (options, arguments[...])
  _ = try enter(&rest, .train, into: &options)
  return options
}
