// Package wire is HTTP/1.1 connections that cost as little as possible.
package wire
