"""`siaga demo`: a day of two agencies at two ports, played on this machine in a minute.

people        the people, and the photos a camera might take of them
watchlists    three watchlists with different policies, and who is listed on them
staff         officers of two agencies, signed in over HTTP
arrivals      photos submitted as port systems do, and their answers
review        one alert on its way through the hands of three officers
load          a crowd of travellers, answered while they come
quarter       a small quarter of work, and what a meeting looks at
audit_check   the audit trail: whole as it is, broken once a byte is changed
report        what is printed; contact_sheet what is drawn
command       all of it, in order
"""
