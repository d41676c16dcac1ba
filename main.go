// Command fsctl is capacity planning and load testing for flash sales.
package main

import (
	"os"

	"fsctl/cmd"
)

func main() { os.Exit(cmd.Main()) }
