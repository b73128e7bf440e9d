"""`siaga demo`: a day of two agencies at two ports, played on this machine in a minute.

cast          the people, and the photos a camera might take of them
lists         three watchlists with different policies, and who stands on them
office        officers of two agencies, signed in over HTTP
arrivals      photos submitted as port systems do, and their answers
review        one alert on its way through the hands of three officers
rush          a crowd of travellers, answered while they come
proof         the audit trail: whole as it is, broken once a byte is changed
tell, sheet   what is printed, and the contact sheet
command       all of it, in order
"""
