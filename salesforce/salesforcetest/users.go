package salesforcetest

import (
	"fmt"
	"strings"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

// user is what identity needs to know of a User record.
type user struct {
	id       sobject.ID
	username string
	active   bool
	rec      sobject.Record
}

// text returns a field, or "" for null.
func (u user) text(field string) string {
	v, _ := u.rec.Value(field)
	return v.Raw()
}

var userFields = []string{"Id", "Username", "IsActive", "FirstName", "LastName", "Name", "Email", "CommunityNickname",
	"TimeZoneSidKey", "LocaleSidKey", "LanguageLocaleKey", "UserType", "Street", "City", "State", "Country", "PostalCode",
	"MobilePhone", "LastModifiedDate", "ProfileId", "UserRoleId"}

func system() engine.Session { return engine.Session{System: true} }

func (s *Server) userByID(id sobject.ID) (user, error) {
	res, err := s.org.Get(system(), "User", id, userFields)
	if err != nil {
		return user{}, fmt.Errorf("the user %s: %w", id, err)
	}
	return userOf(res.Record(0)), nil
}

func (s *Server) userByName(username string) (user, error) {
	res, err := s.org.QueryText(system(), "SELECT Id FROM User WHERE Username = "+quote(username), engine.QueryOptions{})
	if err != nil {
		return user{}, fmt.Errorf("the user %s: %w", username, err)
	}
	if res.Len() == 0 {
		return user{}, fmt.Errorf("there is no user %q", username)
	}
	return s.userByID(res.Record(0).ID())
}

func userOf(rec sobject.Record) user {
	active, _ := rec.Bool("IsActive")
	u := user{id: rec.ID(), active: active, rec: rec}
	u.username = u.text("Username")
	return u
}

// findAdmin returns the first active user who may see the setup.
func (s *Server) findAdmin() (sobject.ID, error) {
	res, err := s.org.QueryText(system(), "SELECT Id, Username FROM User WHERE IsActive = TRUE ORDER BY Id", engine.QueryOptions{})
	if err != nil {
		return "", fmt.Errorf("salesforcetest: find an administrator: %w", err)
	}
	var first sobject.ID
	for _, rec := range res.Records() {
		if name, _ := rec.Text("Username"); name == AdminUsername {
			return rec.ID(), nil
		}
		if first == "" && s.org.SystemPermission(engine.Session{User: rec.ID()}, "ViewSetup") {
			first = rec.ID()
		}
	}
	if first == "" {
		return "", errNoAdmin
	}
	return first, nil
}

// quote writes a SOQL string literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
