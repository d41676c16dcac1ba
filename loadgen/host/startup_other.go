//go:build !linux

package host

// limitsOfProcess reads the limit of open files; no other is known.
func limitsOfProcess() processLimits { return processLimits{files: fileLimit()} }
