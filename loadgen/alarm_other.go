//go:build !linux

package loadgen

import "errors"

func newKernelAlarm() (alarm, error) { return nil, errors.ErrUnsupported }
