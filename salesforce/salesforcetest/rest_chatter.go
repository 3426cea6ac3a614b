package salesforcetest

import "net/http"

// appMenuItem is an entry of the app launcher.
type appMenuItem struct {
	Type    string     `json:"type"`
	Content *string    `json:"content"`
	Icons   []tabIcon  `json:"icons"`
	Colors  []tabColor `json:"colors"`
	Label   string     `json:"label"`
	URL     string     `json:"url"`
}

// appMenu lists the standard apps (REST guide, "Get AppMenu Items").
func (c *call) appMenu() answer {
	if menu := c.params["menu"]; menu != "AppSwitcher" && menu != "Salesforce1" {
		c.unsupported()
		return notFound()
	}
	items := []appMenuItem{}
	for i, label := range []string{"Sales", "Service", "Marketing"} {
		items = append(items, appMenuItem{Type: "Standard", Icons: []tabIcon{}, Colors: []tabColor{}, Label: label, URL: "/home/home.jsp?tsid=" + numbered("02u", i+1).Short()})
	}
	return jsonAnswer(http.StatusOK, map[string]any{"appMenuItems": items})
}

// chatterMe tells who asks (Connect REST API Developer Guide, "User Detail").
func (c *call) chatterMe() answer {
	u, err := c.s.userByID(c.user.User)
	if err != nil {
		return notFound()
	}
	photo, path := c.s.photos(), c.base()+"/chatter/users/"+string(u.id)
	phones := []map[string]string{}
	for _, p := range []struct{ field, label, kind string }{{"Phone", "Work", "Work"}, {"MobilePhone", "Mobile", "Mobile"}, {"Fax", "Fax", "Fax"}} {
		if v := u.text(p.field); v != "" {
			phones = append(phones, map[string]string{"label": p.label, "phoneNumber": v, "phoneType": p.kind, "type": p.kind})
		}
	}
	userType := map[string]string{"Standard": "Internal", "CsnOnly": "ChatterOnly", "Guest": "Guest"}[u.text("UserType")]
	setDefault(&userType, "System")
	return jsonAnswer(http.StatusOK, map[string]any{
		"aboutMe": orNull(u.text("AboutMe")), "additionalLabel": nil,
		"address": map[string]any{"street": orNull(u.text("Street")), "city": orNull(u.text("City")), "state": orNull(u.text("State")),
			"zip": orNull(u.text("PostalCode")), "country": orNull(u.text("Country")), "formattedAddress": nil},
		"bannerPhoto": nil, "chatterActivity": map[string]int{"commentCount": 0, "commentReceivedCount": 0, "likeReceivedCount": 0, "postCount": 0},
		"chatterInfluence": map[string]any{"percentile": "0.0", "rank": 1}, "communityNickname": u.text("CommunityNickname"), "companyName": orNull(u.text("CompanyName")),
		"displayName": u.text("Name"), "email": u.text("Email"), "firstName": orNull(u.text("FirstName")), "followersCount": 0,
		"followingCounts": map[string]int{"people": 0, "records": 0, "total": 0}, "groupCount": 0, "hasChatter": true, "id": u.id, "isActive": u.active,
		"isInThisCommunity": true, "lastName": u.text("LastName"), "managerId": orNull(u.text("ManagerId")), "managerName": nil,
		"motif": nil, "mySubscription": nil, "name": u.text("Name"), "outOfOffice": map[string]string{"message": ""}, "phoneNumbers": phones,
		"photo":      map[string]any{"fullEmailPhotoUrl": photo.Picture, "largePhotoUrl": photo.Picture, "photoVersionId": nil, "smallPhotoUrl": photo.Thumbnail, "standardEmailPhotoUrl": photo.Thumbnail, "url": path + "/photo"},
		"reputation": nil, "thanksReceived": nil, "title": orNull(u.text("Title")), "type": "User", "url": path, "username": u.username, "userType": userType,
	})
}
