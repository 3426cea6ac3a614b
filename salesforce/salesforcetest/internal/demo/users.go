package demo

import (
	"strings"
	"time"

	"github.com/orglink/orglink/salesforce/sobject"
)

// owner is an active sales user.
type owner struct {
	id   sobject.ID
	name string
}

// person is a user to be made.
type person struct {
	first, last, username, title, profile, role string
	timeZone, locale, language                  string
	marketing, inactive                         bool
	login                                       time.Time
}

type users struct{ *table }

func newUsers() users {
	return users{newTable("User", "Username", "Email", "FirstName", "LastName", "Alias", "CommunityNickname", "Title", "Department", "CompanyName", "IsActive", "UserType", "ProfileId", "UserRoleId", "ManagerId",
		"TimeZoneSidKey", "LocaleSidKey", "LanguageLocaleKey", "EmailEncodingKey", "UserPermissionsMarketingUser", "LastLoginDate", "EmployeeNumber")}
}

func (u users) add(s stamp, p person, profileIDs, roles map[string]sobject.ID, manager sobject.ID) {
	local, _, _ := strings.Cut(p.username, "@")
	alias := strings.ReplaceAll(strings.ToLower(string([]rune(local)[0])+p.last), " ", "")
	kind, department := "Standard", "Sales"
	switch p.profile {
	case profileChatter:
		kind, department = "CsnOnly", ""
	case profileGuest:
		kind, department = "Guest", ""
	case profileAutomated:
		kind, department = "AutomatedProcess", ""
	case profileAdmin:
		department = "IT"
	case profileMarketing:
		department = "Marketing"
	}
	or := func(s, fallback string) string {
		if s == "" {
			return fallback
		}
		return s
	}
	u.table.add(s, p.username, p.username, p.first, p.last, clip(alias, 8), clip(local, 40), p.title, department, "Orglink Demo Inc.", !p.inactive, kind, profileIDs[p.profile], roles[p.role], manager,
		or(p.timeZone, "America/Los_Angeles"), or(p.locale, "en_US"), or(p.language, "en_US"), "UTF-8", p.marketing, p.login, "")
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// team is the sales force: all active but the last, then the users that are
// no people.
func team() []person {
	us, world, market := "VP, North American Sales", "VP, International Sales", "Marketing Team"
	sales := func(first, last, title, role string) person {
		return person{first: first, last: last, username: strings.ToLower(fold(first) + "." + fold(last) + "@demo.example"), title: title, profile: profileStandard, role: role}
	}
	people := []person{
		sales("Grace", "Okafor", "VP Sales, Americas", us),
		sales("Liam", "O'Brien", "Account Executive", us),
		sales("Maya", "Patel", "Account Executive", us),
		sales("Noah", "Kim", "Account Executive", us),
		sales("Sofia", "Ramirez", "Senior Account Executive", us),
		sales("Ethan", "Clarke", "Sales Development Rep", us),
		sales("Zoë", "Fischer", "VP Sales, International", world),
		sales("Jürgen", "Weiß", "Account Executive DACH", world),
		sales("Camille", "Dubois", "Account Executive France", world),
		sales("Yuki", "Tanaka", "Account Executive Japan", world),
		sales("Arjun", "Mehta", "Account Executive India", world),
		sales("Ingrid", "Lindqvist", "Customer Success Manager", world),
		sales("Marco", "Rossi", "Marketing Manager", market),
		sales("Priya", "Nair", "Marketing Operations", market),
		sales("Victor", "Former", "Account Executive", us),
	}
	set := func(i int, timeZone, locale, language string) {
		people[i].timeZone, people[i].locale, people[i].language = timeZone, locale, language
	}
	set(6, "Europe/Berlin", "de_DE", "de")
	set(7, "Europe/Berlin", "de_DE", "de")
	set(8, "Europe/Paris", "fr_FR", "fr")
	set(9, "Asia/Tokyo", "ja_JP", "ja")
	set(10, "Asia/Kolkata", "en_GB", "en_US")
	set(11, "Europe/Berlin", "sv_SE", "sv")
	for _, i := range []int{12, 13} {
		people[i].profile, people[i].marketing = profileMarketing, true
	}
	people[14].inactive = true
	return append(people,
		person{first: "Automated", last: "Process", username: "autoproc@demo.example", profile: profileAutomated},
		person{first: "Chloe", last: "Chatter", username: "chloe.chatter@demo.example", profile: profileChatter},
		person{last: "Help Center Guest User", username: "guest@help.demo.example", profile: profileGuest})
}

// fold writes a name with the letters that usernames take.
func fold(s string) string {
	return strings.NewReplacer("ë", "e", "ü", "ue", "ß", "ss", "'", "", " ", "").Replace(s)
}

func (l *loader) loadUsers() error {
	d := l.dice("User")
	l.owners = []owner{{id: l.admin, name: "Ada Admin"}} // stamps need someone
	var managers [2]sobject.ID
	people := team()
	made := make([]sobject.ID, len(people))
	for _, heads := range []bool{true, false} {
		t := newUsers()
		var at []int
		for i, p := range people {
			if (i == 0 || i == 6) != heads {
				continue
			}
			s := d.stamp(l, l.admin)
			s.created = l.base.AddDate(0, 0, -700+d.IntN(30))
			s.modified = s.created.Add(time.Duration(d.IntN(500*24)) * time.Hour)
			s.modifiedBy, s.system = l.admin, s.modified
			if p.profile == profileStandard || p.profile == profileMarketing {
				p.login = l.base.Add(-time.Duration(d.between(25, 400)) * time.Hour)
			}
			manager := managers[0]
			if i > 6 && i < 12 {
				manager = managers[1]
			}
			if i >= len(people)-3 {
				manager = ""
			}
			t.add(s, p, l.profiles, l.roles, manager)
			at = append(at, i)
		}
		ids, err := l.insert("User", t.rows)
		if err != nil {
			return err
		}
		for k, i := range at {
			made[i] = ids[k]
		}
		managers = [2]sobject.ID{made[0], made[6]}
	}
	l.owners = nil
	for i, p := range people {
		s := stamp{created: l.base.AddDate(0, 0, -700), modified: l.base.AddDate(0, 0, -700), system: l.base.AddDate(0, 0, -700), createdBy: l.admin, modifiedBy: l.admin}
		if err := l.grant(s, made[i], l.profiles[p.profile]); err != nil {
			return err
		}
		if i < 14 {
			l.owners = append(l.owners, owner{id: made[i], name: p.first + " " + p.last})
		}
	}
	return nil
}
