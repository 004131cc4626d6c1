/// The version of both programs: `--version` prints it, images and runs carry it.
public let programVersion = "0.9.0"
