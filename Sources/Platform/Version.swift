/// The version of both programs, which `--version` prints and images and runs record.
public let programVersion = "0.9.0"
