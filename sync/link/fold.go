package link

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// shared are domains that say nothing about whose company it is.
var shared = []string{
	"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com", "me.com", "aol.com",
	"gmx.de", "gmx.net", "web.de", "proton.me", "protonmail.com", "qq.com", "163.com", "mail.ru", "yandex.ru",
	"facebook.com", "linkedin.com", "instagram.com", "twitter.com", "x.com", "youtube.com", "sites.google.com", "google.com",
	"github.io", "wordpress.com", "blogspot.com", "wixsite.com", "myshopify.com", "example.com",
}

// FoldDomain returns the domain of a website, an address or a domain, in lower
// case and without www; "" when there is none, and for domains that belong to
// no single company, such as those of mail providers.
func FoldDomain(website string) string {
	s := strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(website, "")))
	if at := strings.LastIndexByte(s, '@'); at >= 0 && !strings.Contains(s, "/") {
		s = s[at+1:]
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	host := strings.TrimRight(u.Hostname(), ".")
	for strings.HasPrefix(host, "www.") && strings.Count(host, ".") > 1 {
		host = strings.TrimPrefix(host, "www.")
	}
	if !strings.Contains(host, ".") || strings.ContainsFunc(host, notInDomain) || strings.HasPrefix(host, ".") || strings.Contains(host, "..") || slices.Contains(shared, host) || onlyNumbers(host) {
		return ""
	}
	return host
}

func notInDomain(r rune) bool {
	return r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

func onlyNumbers(host string) bool { return strings.Trim(host, "0123456789.:") == "" }

// legal are words that name a form of company and not a company.
var legal = map[string]bool{
	"inc": true, "incorporated": true, "llc": true, "llp": true, "lp": true, "ltd": true, "limited": true, "corp": true, "corporation": true, "co": true,
	"company": true, "plc": true, "gmbh": true, "ag": true, "kg": true, "ohg": true, "ug": true, "se": true, "sa": true, "sas": true, "sarl": true, "srl": true,
	"spa": true, "bv": true, "nv": true, "ab": true, "as": true, "asa": true, "oy": true, "oyj": true, "aps": true, "pty": true, "pvt": true, "kk": true,
	"sro": true, "zrt": true, "kft": true, "sl": true, "ltda": true, "holding": true, "holdings": true, "group": true, "the": true, "und": true, "and": true,
}

var plain = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "ø", "o", "å", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "á", "a", "à", "a",
	"â", "a", "ã", "a", "í", "i", "ì", "i", "î", "i", "ï", "i", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ú", "u", "ù", "u", "û", "u", "ç", "c", "ñ", "n", "š", "s", "ž", "z",
	"č", "c", "ł", "l", "ś", "s", "ź", "z", "ż", "z", "ę", "e", "ą", "a", "ő", "o", "ű", "u", "&", " and ", ".", "", "'", "", "’", "")

// FoldName returns a company's name for comparing: lower case, without accents,
// punctuation and words such as Inc or GmbH. A name made of nothing else keeps
// them.
func FoldName(name string) string {
	words := words(name)
	kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return legal[w] })
	if len(kept) == 0 {
		kept = words
	}
	return strings.Join(kept, " ")
}

func words(name string) []string {
	return strings.FieldsFunc(plain.Replace(strings.ToLower(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// likeness is how much two folded names have in common: 1 for equal ones, else
// the share of the words, counting one that begins another for half.
func likeness(a, b string) float64 {
	if a == b {
		if a == "" {
			return 0
		}
		return 1
	}
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	var common float64
	for _, w := range x {
		best := 0.0
		for _, v := range y {
			switch {
			case w == v:
				best = 1
			case best < 0.5 && len(w) > 2 && len(v) > 2 && (strings.HasPrefix(w, v) || strings.HasPrefix(v, w)):
				best = 0.5
			}
		}
		common += best
	}
	if len(y) == 0 {
		return 0
	}
	return 2 * common / float64(len(x)+len(y))
}
