package salesforce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// refreshTimeout bounds a refresh that outlives the request that caused it.
const refreshTimeout = 2 * time.Minute

// session turns many rejections of one token into one refresh.
type session struct {
	source TokenSource

	mu      sync.Mutex
	flights map[string]*flight // by rejected access token; at most one finished
	last    string             // the rejected token of the finished flight
}

type flight struct {
	done  chan struct{}
	token Token
	err   error
}

func (s *session) token(ctx context.Context) (Token, error) {
	t, err := s.source.Token(ctx)
	if err == nil && t.Access.IsZero() {
		err = errors.New("the token source returned an empty token")
	}
	return t, err
}

// refresh returns a token to use instead of a rejected one. Whoever comes with
// the same rejected token, during the refresh or after it, shares its result;
// a failed refresh is shared only by those who waited for it.
//
// late tells that the refresh was over before this rejection: its token may
// have died since.
func (s *session) refresh(ctx context.Context, rejected Token) (t Token, late bool, err error) {
	key := rejected.Access.Reveal()
	s.mu.Lock()
	f := s.flights[key]
	if f != nil {
		select {
		case <-f.done:
			late = true
		default:
		}
	}
	if f == nil {
		f = &flight{done: make(chan struct{})}
		if s.flights == nil {
			s.flights = map[string]*flight{}
		}
		s.flights[key] = f
		// A refresh that is cut off may burn a rotated refresh token, so it
		// does not end with the request that happened to come first.
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
		go func() {
			defer cancel()
			s.fly(detached, f, rejected)
		}()
	}
	s.mu.Unlock()
	select {
	case <-f.done:
		return f.token, late, f.err
	case <-ctx.Done():
		return Token{}, late, fmt.Errorf("it is still being asked for, which goes on without this request: %w", ctx.Err())
	}
}

func (s *session) fly(ctx context.Context, f *flight, rejected Token) {
	key := rejected.Access.Reveal()
	// Another client of the same source may have refreshed it meanwhile.
	f.token, f.err = s.token(ctx)
	s.mu.Lock()
	_, dead := s.flights[f.token.Access.Reveal()] // this one, or one before it
	s.mu.Unlock()
	if f.err == nil && dead {
		f.token, f.err = s.source.Refresh(ctx, rejected)
		if f.err == nil && (f.token.Access.IsZero() || f.token.Access == rejected.Access) {
			f.err = errors.New("the token source returned the rejected token again")
		}
	}
	s.mu.Lock()
	if f.err != nil {
		delete(s.flights, key)
	} else {
		if s.last != key {
			delete(s.flights, s.last)
		}
		s.last = key
	}
	s.mu.Unlock()
	close(f.done)
}
