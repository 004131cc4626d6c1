import DiffusionTraining

/// Parses the command line of `train`, without its name, in the way of `parse`.
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
      throw UsageError("--resume continues in the run's own folder; leave --out out")
    }
    if options.dryRun {
      throw UsageError("--dry-run says what a new run would take; leave --resume out, and type what the run began with")
    }
    // The other options can only be checked together with the stored request.
    return .resume(folder: folder)
  }
  if let problem = options.training.problem { throw UsageError(verbatim: problem) }
  if options.dryRun { return .dryRun(options) }
  guard let folder = options.run.folder else {
    throw UsageError("train needs a folder for the run; type for instance --out run")
  }
  return .train(options, folder: folder)
}

/// Parses a command line for which `parseTraining(_:)` has returned `resume`.
///
/// - Parameters:
///   - arguments: the command line.
///   - stored: the request that the run was started with; options override it.
/// - Throws: `UsageError` for the first mistake, also in the combination of both.
public func parseTraining(_ arguments: [String], resuming stored: TrainingRequest) throws(UsageError) -> Options {
  var options = Options()
  options.training = stored
  options = try enter(arguments, options)
  // One takes the place of the other.
  let isNew = { (name: String) in options.given.spelling(ofAny: [name]) != nil }
  if isNew("inception") && !isNew("features") { options.training.features = nil }
  if isNew("features") && !isNew("inception") { options.training.inception = nil }
  if let problem = options.training.problem { throw UsageError(verbatim: problem) }
  return options
}

/// The request that a run was started with, as recorded by any version.
///
/// - Throws: `UsageError` if an earlier version stored words that this one does not know.
public func recordedRequest(_ record: RunRecord) throws(UsageError) -> TrainingRequest {
  switch record.beginning {
  case .request(let request): return request
  case .arguments(let words):
    let command = try GivenOptions.asRecorded { () throws(UsageError) in try parseTraining(words) }
    guard case .train(let options, _) = command else {
      throw UsageError("run.json does not say what to train; start a new run with --data and --out")
    }
    var request = options.training
    // Averages did not warm up then.
    request.emaWarmUp = false
    return request
  }
}

/// `options`, overridden by `arguments`.
private func enter(_ arguments: [String], _ options: Options) throws(UsageError) -> Options {
  var (options, rest) = (options, arguments[...])
  _ = try enter(&rest, .train, into: &options)
  return options
}
