//go:build !long

package cmd_test

// quietReloads are left to -tags long: they want a machine that does nothing else.
var quietReloads []reload
