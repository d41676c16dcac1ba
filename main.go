// Command fsctl plans, simulates, storms and judges flash sales.
package main

import (
	"os"

	"fsctl/cmd"
)

func main() { os.Exit(cmd.Main()) }
