"""Photos as ports really capture them: drawn from clean ones, searched against clean enrolment."""
