package demo

// industry is what accounts of an industry look like.
type industry struct {
	name     string
	sic      string
	nouns    []string
	products string
}

var industries = []industry{
	{"Technology", "7372", []string{"Software", "Systems", "Labs", "Cloud", "Analytics", "Networks"}, "subscription software"},
	{"Manufacturing", "3559", []string{"Works", "Industries", "Tooling", "Machine Co", "Fabrication"}, "machine parts"},
	{"Healthcare", "8062", []string{"Health", "Clinics", "Medical Group", "Care Partners", "Diagnostics"}, "patient services"},
	{"Finance", "6282", []string{"Capital", "Partners", "Asset Management", "Advisors"}, "investment services"},
	{"Banking", "6021", []string{"Bank", "Savings", "Trust"}, "retail banking"},
	{"Retail", "5311", []string{"Stores", "Outfitters", "Market", "Goods", "Trading Co"}, "consumer goods"},
	{"Energy", "4911", []string{"Energy", "Power", "Renewables", "Grid"}, "power and storage"},
	{"Education", "8221", []string{"Academy", "Learning", "Institute", "College"}, "courses"},
	{"Transportation", "4213", []string{"Logistics", "Freight", "Transport", "Shipping"}, "freight services"},
	{"Media", "2711", []string{"Media", "Studios", "Press", "Broadcasting"}, "publishing"},
	{"Biotechnology", "2836", []string{"Biotech", "Therapeutics", "Genomics", "Life Sciences"}, "lab reagents"},
	{"Construction", "1542", []string{"Builders", "Construction", "Contractors", "Homes"}, "commercial construction"},
	{"Hospitality", "7011", []string{"Hotels", "Resorts", "Hospitality"}, "hotel stays"},
	{"Consulting", "8742", []string{"Consulting", "Advisory", "Associates"}, "consulting"},
	{"Insurance", "6331", []string{"Insurance", "Mutual", "Assurance"}, "commercial insurance"},
	{"Food & Beverage", "2086", []string{"Foods", "Beverages", "Roasters", "Bakery", "Brewing Co"}, "packaged food"},
}

var nameHeads = []string{"Acme", "Alder", "Altitude", "Amber", "Apex", "Arbor", "Atlas", "Aurora", "Beacon", "Birch", "Blue Harbor", "Bluebird", "Bright", "Brook", "Canyon", "Cascade", "Cedar", "Cobalt", "Copper",
	"Coral", "Crescent", "Crown", "Delta", "Eagle", "Echo", "Elm Street", "Ember", "Evergreen", "Falcon", "First", "Fjord", "Forge", "Fox", "Frontier", "Garnet", "Glacier", "Golden Gate", "Granite", "Green Valley",
	"Harbor", "Hawthorn", "Helix", "Highland", "Horizon", "Indigo", "Iron", "Ivory", "Jade", "Juniper", "Keystone", "Kite", "Lake", "Lantern", "Laurel", "Liberty", "Lighthouse", "Lotus", "Lunar", "Maple", "Meridian",
	"Mesa", "Midland", "Mosaic", "Nimbus", "North", "Nova", "Oak", "Ocean", "Olive", "Onyx", "Orbit", "Orchard", "Pacific", "Palisade", "Pine", "Pioneer", "Polar", "Prairie", "Quarry", "Quartz", "Raven", "Red Rock",
	"Ridge", "River", "Rowan", "Sable", "Saffron", "Sage", "Sequoia", "Sierra", "Silver", "Solstice", "Spruce", "Sterling", "Stone", "Summit", "Sunrise", "Tamarack", "Terra", "Thistle", "Timber", "Trident", "Union",
	"Valley", "Vector", "Velvet", "Verdant", "Vista", "Walnut", "Wave", "West", "Willow", "Windmill", "Zenith", "Zephyr"}

var nameTails = []string{"", "", "", " Inc.", " LLC", " Group", " Corp.", " International", " Holdings", " Ltd."}

// oddNames are company names that break naive code: quotes, other scripts,
// emoji, punctuation that SOQL, CSV, JSON or HTML give a meaning.
var oddNames = []string{
	"O'Reilly & Sons \"Fine\" Hardware", "Müller Maschinenbau GmbH & Co. KG", "株式会社さくら商事", "Здравствуй Технологии", "Société Générale d'Électricité", "شركة النخيل للتجارة",
	"Back\\Slash Systems", "Comma, Semicolon; & Co", "Rocket 🚀 Logistics", "İstanbul Tekstil A.Ş.", "50% Off _Outlet_", "Łódź Fabryka Sp. z o.o.", "한빛소프트", "Smith <Partners> & Co", "Ελληνικά Τρόφιμα ΑΕ",
	"Żółw & Jaźń", "Bücherei \"Zum Löwen\"", "נתיב תוכנה בע\"מ", "Café Crème 👩‍🍳", "Null Industries", "N/A Trading", "#N/A Holdings", "=SUM Analytics", "Ñandú Exportadora S.A.", "บริษัท สยามการค้า", "True Value False Economy",
	"O''Neil Double Quote Ltd", "Tab\tSeparated Values Co", "Ünïcödé Tëstîng AG", "d’Artagnan & Cie",
}

// place is where people and companies are.
type place struct {
	city, state, postal, country, dial, zone string
	lat, lon                                 float64
	streets                                  []string
}

var places = []place{
	{"San Francisco", "CA", "94105", "United States", "+1 415", "us", 37.789, -122.394, []string{"Mission St", "Howard St", "Folsom St"}},
	{"New York", "NY", "10018", "United States", "+1 212", "us", 40.755, -73.993, []string{"W 38th St", "Broadway", "7th Ave"}},
	{"Chicago", "IL", "60606", "United States", "+1 312", "us", 41.882, -87.637, []string{"N Wacker Dr", "S LaSalle St"}},
	{"Austin", "TX", "78701", "United States", "+1 512", "us", 30.271, -97.743, []string{"Congress Ave", "E 6th St"}},
	{"Denver", "CO", "80202", "United States", "+1 303", "us", 39.752, -104.995, []string{"17th St", "Larimer St"}},
	{"Toronto", "ON", "M5J 2N8", "Canada", "+1 416", "us", 43.642, -79.378, []string{"Bay St", "King St W"}},
	{"London", "", "EC2A 4NE", "United Kingdom", "+44 20", "uk", 51.523, -0.083, []string{"Great Eastern St", "Old St", "King's Road"}},
	{"Berlin", "", "10117", "Germany", "+49 30", "de", 52.516, 13.388, []string{"Friedrichstraße", "Torstraße", "Unter den Linden"}},
	{"München", "Bayern", "80331", "Germany", "+49 89", "de", 48.136, 11.572, []string{"Sendlinger Straße", "Leopoldstraße"}},
	{"Paris", "", "75009", "France", "+33 1", "fr", 48.876, 2.337, []string{"Rue de Provence", "Boulevard Haussmann"}},
	{"Tokyo", "東京都", "100-0005", "Japan", "+81 3", "jp", 35.681, 139.767, []string{"丸の内1丁目", "有楽町2丁目"}},
	{"Bengaluru", "Karnataka", "560001", "India", "+91 80", "in", 12.975, 77.606, []string{"MG Road", "Residency Road"}},
	{"Stockholm", "", "111 51", "Sweden", "+46 8", "se", 59.334, 18.063, []string{"Drottninggatan", "Sveavägen"}},
	{"São Paulo", "SP", "01310-100", "Brazil", "+55 11", "br", -23.561, -46.656, []string{"Av. Paulista", "Rua Augusta"}},
	{"Sydney", "NSW", "2000", "Australia", "+61 2", "us", -33.868, 151.209, []string{"George St", "Pitt St"}},
}

// given and family names by where people live.
var givenNames = map[string][]string{
	"us": {"James", "Mary", "Robert", "Patricia", "Michael", "Jennifer", "David", "Linda", "Olivia", "Emma", "Ava", "Lucas", "Mason", "Harper", "Elijah", "Aaliyah", "Carlos", "Mei", "Jamal", "Hannah", "Sean", "Rosa"},
	"uk": {"Oliver", "Amelia", "George", "Isla", "Harry", "Freya", "Arthur", "Imogen", "Siân", "Niamh"},
	"de": {"Lukas", "Anna", "Jörg", "Käthe", "Stefan", "Heike", "Björn", "Lena", "Uwe", "Sabine"},
	"fr": {"Léa", "Hugo", "Chloé", "Théo", "Élodie", "François", "Anaïs", "Jérôme"},
	"jp": {"美咲", "翔太", "さくら", "健一", "Haruto", "Yui", "Kenji", "Akiko"},
	"in": {"Aarav", "Ananya", "Rohan", "Divya", "Vikram", "Sneha", "Kavya", "अनिल"},
	"se": {"Åsa", "Erik", "Linnéa", "Göran", "Maja", "Anders"},
	"br": {"João", "Ana Luísa", "Thiago", "Conceição", "Rafael", "Bianca"},
}

var familyNames = map[string][]string{
	"us": {"Smith", "Johnson", "Williams", "Brown", "Garcia", "Miller", "Davis", "Martinez", "Lopez", "Wilson", "Nguyen", "Thomas", "Lee", "White", "O'Connor", "Washington", "Cohen", "Kowalski", "De la Cruz", "MacDonald"},
	"uk": {"Taylor", "Davies", "Evans", "Hughes", "Wright", "O'Neill", "Fitzgerald-Smythe", "Campbell"},
	"de": {"Müller", "Schmidt", "Schröder", "Weiß", "Krüger", "von der Heide", "Groß", "Bauer"},
	"fr": {"Martin", "Lefèvre", "Moreau", "D'Angelo", "Bélanger", "Durand"},
	"jp": {"佐藤", "鈴木", "高橋", "Watanabe", "Yamamoto", "Nakamura"},
	"in": {"Sharma", "Iyer", "Patel", "Reddy", "Singh", "शर्मा"},
	"se": {"Åkesson", "Johansson", "Sjöberg", "Öberg"},
	"br": {"Silva", "Gonçalves", "Araújo", "Conceição Neto"},
}

var jobTitles = []string{"CEO", "CFO", "CTO", "VP Sales", "VP Operations", "IT Director", "Head of Procurement", "Marketing Manager", "Product Manager", "Software Engineer", "Operations Manager", "Office Manager",
	"Director, Business \"Growth\"", "Buyer", "Data Analyst", "Chief Happiness Officer 😊", "Sr. Engineer / Team Lead", "Geschäftsführer", "部長"}

var departments = []string{"Sales", "Finance", "IT", "Operations", "Marketing", "Procurement", "R&D", "Human Resources", "Legal"}

// remarks are long and short texts with everything that text can hold.
var remarks = []string{
	"Long-standing customer; renewal comes up every spring.",
	"Met at the trade show.\nWants a demo for the \"enterprise\" plan.\nFollow up by e-mail first.",
	"Runs on-premises today. Security review needed: SOC 2, pen test, data residency (EU).",
	"Path of the shared folder: C:\\Clients\\2024\\New — don't delete!\r\nAsk IT for access.",
	"Says \"too expensive\", but uses 3 competing tools. 💡 Offer a bundle?",
	"Ansprechpartner wechselt im Herbst; bitte vorher Übergabe klären.",
	"お客様は来期の予算を検討中です。四月に再度ご連絡。",
	"Uses our API heavily; rate limits were raised twice. Contact: ops@customer.example; backup: cto@customer.example",
	"Notes:\n- budget approved\n- legal pending\n- go-live Q3\n\tindented, with tab",
	"He said: 'call back, or don't'. 100% sure? _maybe_. <b>not html</b> & so on",
	"🎉🎉 Signed on the first call! 👍🏽",
	"Référence client très satisfait ; à citer dans l'étude de cas.",
}
