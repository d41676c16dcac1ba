// Package wire is an HTTP/1.1 client that spends as little CPU on a request as possible.
package wire
