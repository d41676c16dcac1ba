//go:build !linux

package pace

import "errors"

func newKernelAlarm() (alarm, error) { return nil, errors.ErrUnsupported }
