package salesforcetest

import (
	"fmt"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// settleKind makes the seeded org the sandbox that the config asks for, and
// gives its users their suffix.
func (s *Server) settleKind() error {
	if s.cfg.Sandbox != "" {
		rec := sobject.NewRecord("Organization", sobject.F("Id", sobject.IDValue(s.org.ID())), sobject.F("IsSandbox", sobject.BoolValue(true)))
		if err := s.rewrite("Organization", []sobject.Record{rec}); err != nil {
			return fmt.Errorf("salesforcetest: Config.Sandbox: %w", err)
		}
	}
	if s.cfg.UsernameSuffix == "" {
		return nil
	}
	res, err := s.org.QueryText(system(), "SELECT Id, Username FROM User", engine.QueryOptions{})
	if err != nil {
		return fmt.Errorf("salesforcetest: Config.UsernameSuffix: %w", err)
	}
	var recs []sobject.Record
	for _, rec := range res.Records() {
		name, _ := rec.Text("Username")
		recs = append(recs, sobject.NewRecord("User", sobject.F("Id", sobject.IDValue(rec.ID())), sobject.F("Username", sobject.TextValue(name+s.cfg.UsernameSuffix))))
	}
	if err := s.rewrite("User", recs); err != nil {
		return fmt.Errorf("salesforcetest: Config.UsernameSuffix: %w", err)
	}
	return nil
}

func (s *Server) rewrite(object string, recs []sobject.Record) error {
	outs, err := s.org.Update(system(), object, recs, engine.WriteOptions{AllOrNone: true})
	if err != nil {
		return err
	}
	return outcomeErrors(outs)
}

// usernames lists the usernames of the org.
func (s *Server) usernames() ([]string, error) {
	res, err := s.org.QueryText(system(), "SELECT Username FROM User", engine.QueryOptions{})
	if err != nil {
		return nil, fmt.Errorf("salesforcetest: list the usernames: %w", err)
	}
	var out []string
	for _, rec := range res.Records() {
		name, _ := rec.Text("Username")
		out = append(out, name)
	}
	return out, nil
}
