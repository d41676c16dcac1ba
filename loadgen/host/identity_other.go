//go:build !linux

package host

// kernelID returns nothing: unknown.
func kernelID() string { return "" }

// allowedList returns nothing: unknown.
func allowedList() string { return "" }

// groupID returns nothing: unknown.
func groupID() string { return "" }
